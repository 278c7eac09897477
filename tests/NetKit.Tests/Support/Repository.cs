namespace NetKit.Tests;

/// <summary>Finds files of the repository the tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>"Release" or "Debug": what the tests, and everything built beside them, were built as.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    public static string Read(params ReadOnlySpan<string> parts) => File.ReadAllText(PathOf(parts)).ReplaceLineEndings("\n");

    /// <summary>The program of a project in tests/, as it was built with these tests.</summary>
    public static string ProgramOf(string project) => PathOf("tests", project, "bin", Configuration, "net10.0", project);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NetKit.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"NetKit.sln is in no folder above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }
}
