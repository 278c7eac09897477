namespace NetKit.Samples;

/// <summary>Reports a command line that makes no sense, in words for the person who typed it.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    public static UsageException For(string option, string value, string expected) =>
        new($"{option} is \"{value}\", but must be {expected}.");
}
