using System.Text.RegularExpressions;

namespace NetKit.Tests.Architecture;

/// <summary>Keeps the folders of the library in order: each names only types of the folders below it.</summary>
public sealed partial class ArchitectureTests
{
    // Direct dependencies; what those depend on may be named too. IDialer lives in Connections, because Listening makes one.
    private static readonly Dictionary<string, string[]> s_tree = new()
    {
        ["Timing"] = [],
        ["Errors"] = [],
        ["Diagnostics"] = ["Errors"],
        ["Polling"] = ["Timing", "Errors"],
        ["Connections"] = ["Polling", "Timing", "Errors", "Diagnostics"],
        ["Framing"] = ["Connections"],
        ["Listening"] = ["Connections"],
        ["Dialing"] = ["Connections"],
        ["Pooling"] = ["Dialing"],
        ["Broadcasting"] = ["Errors", "Diagnostics"],
        ["Serving"] = ["Listening"],
    };

    private sealed record Source(string Folder, string Name, string Code);

    private static readonly Source[] s_sources = ReadSources();

    [Fact]
    public void Each_folder_names_only_types_of_the_folders_below_it()
    {
        var homes = s_sources
            .SelectMany(source => TypesDeclaredIn(source.Code).Select(type => (type, source.Folder)))
            .ToLookup(pair => pair.type, pair => pair.Folder);

        var offences =
            from source in s_sources
            let allowed = Below(source.Folder)
            from name in NamesIn(source.Code)
            let folders = homes[name]
            where folders.Any() && !folders.Any(allowed.Contains)
            select $"{source.Folder}/{source.Name} names {name} of {string.Join(", ", folders.Distinct())}";

        var found = string.Join(Environment.NewLine, offences);
        Assert.True(found.Length == 0, found);
    }

    [Fact]
    public void Each_folder_has_its_place_in_the_tree() =>
        Assert.Empty(s_sources.Select(source => source.Folder).Distinct().Except(s_tree.Keys));

    [Fact]
    public void A_public_type_lives_in_the_one_namespace_and_is_sealed_or_made_to_be_derived_from()
    {
        var types = typeof(Deadline).Assembly.GetExportedTypes();
        Assert.All(types, type => Assert.Equal("NetKit", type.Namespace));
        Assert.All(
            types.Where(type => type.IsClass && !type.IsSubclassOf(typeof(Exception))),
            type => Assert.True(type.IsSealed || type.IsAbstract, $"{type.Name} is open by accident"));
    }

    [Fact]
    public void Polly_is_known_to_one_file_alone() =>
        Assert.Empty(s_sources.Where(source => PollyPattern().IsMatch(source.Code)).Select(source => source.Name).Except(["RetryingDialer.cs"]));

    [Fact]
    public void The_types_of_the_library_are_found_in_its_sources()
    {
        var declared = s_sources.SelectMany(source => TypesDeclaredIn(source.Code)).ToHashSet();
        Assert.All(typeof(Deadline).Assembly.GetExportedTypes(), type => Assert.Contains(type.Name.Split('`')[0], declared));
    }

    private static HashSet<string> Below(string folder)
    {
        var found = new HashSet<string>();
        void Visit(string name)
        {
            if (found.Add(name))
            {
                Array.ForEach(s_tree.GetValueOrDefault(name, []), Visit);
            }
        }

        Visit(folder);
        return found;
    }

    /// <summary>Only the outermost types: a nested one is its owner's business.</summary>
    private static IEnumerable<string> TypesDeclaredIn(string code)
    {
        var depth = 0;
        foreach (Match match in DeclarationPattern().Matches(code))
        {
            if (match.Value is "{" or "}")
            {
                depth += match.Value == "{" ? 1 : -1;
            }
            else if (depth == 0)
            {
                yield return match.Groups["name"].Value;
            }
        }
    }

    // A name after a dot is a member of something else that is named there too.
    private static IEnumerable<string> NamesIn(string code) => NamePattern().Matches(code).Select(match => match.Value).Distinct();

    private static Source[] ReadSources()
    {
        var root = Repository.PathOf("src", "NetKit");
        return
        [
            .. from path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
               let parts = Path.GetRelativePath(root, path).Split(Path.DirectorySeparatorChar)
               where parts[0] is not ("bin" or "obj")
               select new Source(parts.Length > 1 ? parts[0] : "(root)", parts[^1], SourceText.CodeOf(File.ReadAllText(path))),
        ];
    }

    [GeneratedRegex(@"[{}]|\b(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?)\s+(?<name>[A-Z]\w*)|\bdelegate\s+[^;{}]*?(?<name>[A-Z]\w*)\s*(?:<[^>]*>)?\s*\(")]
    private static partial Regex DeclarationPattern();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\bPolly\b")]
    private static partial Regex PollyPattern();
}
