using System.Globalization;

namespace NetKit.Tests.Stress;

/// <summary>Reads "--name value" from the command line.</summary>
internal sealed class Arguments(string[] arguments)
{
    public int Number(string name, int otherwise)
    {
        var index = Array.IndexOf(arguments, $"--{name}");
        return index < 0 ? otherwise : int.Parse(arguments[index + 1], CultureInfo.InvariantCulture);
    }
}
