using System.Globalization;

namespace NetKit.Tests.Stress;

/// <summary>Reads "--name value" from the command line.</summary>
internal sealed class Arguments(string[] arguments)
{
    public int Number(string name, int otherwise) => Value(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>A time in seconds.</summary>
    public TimeSpan Time(string name, double otherwise) =>
        TimeSpan.FromSeconds(Value(name) is { } value ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise);

    private string? Value(string name)
    {
        var index = Array.IndexOf(arguments, $"--{name}");
        return index < 0 ? null : arguments[index + 1];
    }
}
