namespace NetKit.Tests.Architecture;

public sealed class SourceTextTests
{
    [Theory]
    [InlineData("a // Hidden\nb")]
    [InlineData("a /* Hidden \n */ b")]
    [InlineData("a \"Hidden \\\" Hidden\" b")]
    [InlineData("a @\"Hidden \"\" Hidden \\\" b")]
    [InlineData("a \"\" b \"Hidden\"")]
    [InlineData("a \"\"\"Hidden \" Hidden\"\"\" b")]
    [InlineData("a '\"' b '\\'' // Hidden")]
    [InlineData("a $\"Hidden {{Hidden}} {b} Hidden\"")]
    [InlineData("a $\"Hidden {(b ? \"Hidden\" : $\"Hidden {a}\")} Hidden\" b")]
    [InlineData("a $$\"\"\"Hidden {Hidden} {{b}} Hidden\"\"\" b")]
    [InlineData("a $@\"Hidden \"\" {b}\" b")]
    public void Only_the_code_is_left(string source)
    {
        var code = SourceText.CodeOf(source);
        Assert.DoesNotContain("Hidden", code, StringComparison.Ordinal);
        Assert.Contains("a", code, StringComparison.Ordinal);
        Assert.Contains("b", code, StringComparison.Ordinal);
    }
}
