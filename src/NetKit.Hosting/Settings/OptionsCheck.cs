using Microsoft.Extensions.Options;

namespace NetKit;

/// <summary>Checks options of one name by what would refuse them later, so that a host does not start with them.</summary>
internal sealed class OptionsCheck<TOptions>(string of, Action<TOptions> check) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        if (name != of)
        {
            return ValidateOptionsResult.Skip;
        }

        try
        {
            check(options);
            return ValidateOptionsResult.Success;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            return ValidateOptionsResult.Fail($"{(of.Length == 0 ? typeof(TOptions).Name : of)}: {OptionsCheck.InOneLine(exception)}");
        }
    }
}

/// <summary>Words what was refused.</summary>
internal static class OptionsCheck
{
    /// <summary>Gives the message in one line; the framework adds parameter and value on lines of their own.</summary>
    public static string InOneLine(Exception exception) => exception.Message.ReplaceLineEndings(" ");
}
