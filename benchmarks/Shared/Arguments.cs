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

    /// <summary>Tells whether somebody asks how the program is used.</summary>
    public bool AskForHelp => arguments.Any(static word => word is "--help" or "-h");

    /// <summary>Finds what makes no sense: an option that is not known, or one whose value is missing or too small.</summary>
    /// <param name="flags">The options without a value.</param>
    /// <param name="numbers">Those with a whole number, and the least it may be.</param>
    /// <returns>What is wrong, in words; null when nothing is.</returns>
    public string? FindMistake(string[] flags, params (string Name, int Least)[] numbers)
    {
        for (var index = 0; index < arguments.Length; index++)
        {
            var word = arguments[index];
            if (flags.Contains(word))
            {
                continue;
            }

            var number = Array.Find(numbers, number => number.Name == word);
            if (number.Name is null)
            {
                return $"\"{word}\" is no option of this program.";
            }

            index++;
            if (index == arguments.Length
                || !int.TryParse(arguments[index], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                || value < number.Least)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{word} needs a whole number of at least {number.Least}.");
            }
        }

        return null;
    }

    /// <summary>What to type to get the same result again.</summary>
    public string Command(string project) =>
        (Environment.ProcessorCount == 1 ? "taskset -c 1 " : "")
        + CommandOf($"dotnet run -c Release --project benchmarks/{project} --").TrimEnd(' ', '-');

    /// <summary>The same for a program that is not run by <c>dotnet run</c>.</summary>
    public string CommandOf(string program) => $"{program} {string.Join(' ', arguments.Select(Quoted))}".TrimEnd();

    // A shell would take these for names of files.
    private static string Quoted(string word) => word.AsSpan().ContainsAny("*? ") ? $"'{word}'" : word;
}
