using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>Reads "--name value" from a command line.</summary>
internal sealed class Arguments(string[] arguments)
{
    public int Number(string name, int otherwise) =>
        Array.IndexOf(arguments, "--" + name) is var index and >= 0 && index + 1 < arguments.Length
            ? int.Parse(arguments[index + 1], CultureInfo.InvariantCulture)
            : otherwise;

    /// <summary>What to type to get the same result again.</summary>
    public string Command(string project) =>
        (Environment.ProcessorCount == 1 ? "taskset -c 1 " : "")
        + $"dotnet run -c Release --project benchmarks/{project} -- {string.Join(' ', arguments)}".TrimEnd(' ', '-');
}
