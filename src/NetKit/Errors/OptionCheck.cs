namespace NetKit;

/// <summary>Refuses option values that make no sense, by name, value and what is allowed.</summary>
internal static class OptionCheck
{
    /// <summary>Throws unless a value is valid.</summary>
    public static void Require<TOptions>(bool valid, string property, object? value, string allowed)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(property, value, $"{typeof(TOptions).Name}.{property} must be {allowed}.");
        }
    }
}
