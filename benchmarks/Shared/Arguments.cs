using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>Reads "--name value" and "--name" from a command line.</summary>
internal sealed class Arguments(string[] arguments)
{
    public int Number(string name, int otherwise) =>
        Text(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    public string? Text(string name) =>
        Array.IndexOf(arguments, "--" + name) is var index and >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;

    public bool Has(string name) => arguments.Contains("--" + name);

    /// <summary>What to type to get the same result again.</summary>
    public string Command(string project) =>
        (Environment.ProcessorCount == 1 ? "taskset -c 1 " : "")
        + CommandOf($"dotnet run -c Release --project benchmarks/{project} --").TrimEnd(' ', '-');

    /// <summary>The same for a program that is not run by <c>dotnet run</c>.</summary>
    public string CommandOf(string program) => $"{program} {string.Join(' ', arguments)}".TrimEnd();
}
