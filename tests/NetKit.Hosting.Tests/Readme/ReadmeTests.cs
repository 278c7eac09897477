using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace NetKit.Tests.Hosting.Readme;

public sealed class ReadmeTests
{
    private static readonly string s_readme = Repository.Read("src", "NetKit.Hosting", "README.md");

    [Fact]
    public void Its_code_is_code_that_compiles()
    {
        var compiled = Trimmed(Repository.Read("tests", "NetKit.Hosting.Tests", "Readme", "HostingExamples.cs"));
        var blocks = BlocksOf("csharp");
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(Trimmed(block), compiled, StringComparison.Ordinal));
    }

    [Fact]
    public void Its_settings_are_settings()
    {
        var block = Assert.Single(BlocksOf("json"));
        Assert.Contains(block, Repository.Read("README.md"), StringComparison.Ordinal);
        var section = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(block))).Build().GetSection("Echo");
        var options = new HostedServerOptions();
        section.Read(options, ServerSettings.ReadInto);
        options.Validate();
        Assert.Equal(10_000, options.Server.MaxConnections);
    }

    [Fact]
    public async Task Its_application_is_one()
    {
        using var host = HostingExamples.BuildApplication(["--Echo:EndPoint=127.0.0.1:0"]);
        Assert.IsType<RetryingDialer>(host.Services.GetRequiredService<IDialer>());
        Assert.NotNull(host.Services.GetRequiredKeyedService<ConnectionPool>("db"));
        await host.StartAsync(TestContext.Current.CancellationToken).Within();
        using (var client = await host.Server().ConnectAsync())
        {
            await client.EchoesAsync("hello");
        }

        await host.StopAsync(TestContext.Current.CancellationToken).Within();
    }

    private static string[] BlocksOf(string language) =>
        [.. Regex.Matches(s_readme, $@"^```{language}\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline).Select(block => block.Groups[1].Value)];

    // Without indentation and blank lines, which differ between a page and a class.
    private static string Trimmed(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
}
