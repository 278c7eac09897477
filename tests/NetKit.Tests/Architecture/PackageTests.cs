using System.Xml.Linq;

namespace NetKit.Tests.Architecture;

/// <summary>The package is described by hand, so these tests hold the description to the projects.</summary>
public sealed class PackageTests
{
    private const string Made = "$packageFiles$";

    private readonly XDocument _nuspec = XDocument.Load(Repository.PathOf("NetKit.nuspec"));
    private readonly XDocument _project = XDocument.Load(Repository.PathOf("src", "NetKit", "NetKit.csproj"));
    private readonly XDocument _versions = XDocument.Load(Repository.PathOf("Directory.Packages.props"));

    [Fact]
    public void Its_dependencies_are_those_of_the_project_in_the_same_versions()
    {
        var versions = Named(_versions, "PackageVersion").ToDictionary(item => Of(item, "Include"), item => Of(item, "Version"));
        var expected = Named(_project, "PackageReference")
            .Where(item => item.Attribute("PrivateAssets")?.Value != "all")
            .Select(item => (Of(item, "Include"), versions[Of(item, "Include")]));
        var actual = Named(_nuspec, "dependency").Select(item => (Of(item, "id"), Of(item, "version")));
        Assert.Equal(expected.Order(), actual.Order());
    }

    [Fact]
    public void Its_only_framework_is_the_one_the_project_is_built_for()
    {
        var framework = Named(XDocument.Load(Repository.PathOf("Directory.Build.props")), "TargetFramework").Single().Value;
        Assert.Equal([framework], Named(_nuspec, "group").Select(item => Of(item, "targetFramework")).Distinct());
    }

    [Theory]
    [InlineData("NetKit.dll", "lib/net10.0")]
    [InlineData("NetKit.xml", "lib/net10.0")]
    [InlineData("README.md", "")]
    [InlineData("LICENSE", "")]
    public void It_brings_the_file(string name, string target)
    {
        var file = Assert.Single(Named(_nuspec, "file"), item => FileName(Of(item, "src")) == name);
        var where = Of(file, "target").Replace('\\', '/').Trim('/');
        Assert.Contains(where, new[] { target, $"{target}/{name}".TrimStart('/') });
    }

    [Fact]
    public void Its_readme_and_icon_are_among_the_files_and_exist()
    {
        foreach (var element in new[] { "readme", "icon" })
        {
            var name = Named(_nuspec, element).Single().Value;
            var file = Assert.Single(Named(_nuspec, "file"), item => FileName(Of(item, "src")) == FileName(name));

            // What pack makes is made of the file of that name at the top.
            var source = Of(file, "src").Replace(Made, "", StringComparison.Ordinal);
            Assert.True(File.Exists(Repository.PathOf(source.Replace('\\', '/'))), $"{source} is missing");
        }
    }

    private static IEnumerable<XElement> Named(XDocument document, string name) =>
        document.Descendants().Where(element => element.Name.LocalName == name);

    private static string Of(XElement element, string attribute) => element.Attribute(attribute)?.Value ?? "";

    private static string FileName(string path) => path.Replace(Made, "", StringComparison.Ordinal).Split('/', '\\')[^1];
}
