using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NetKit.Tests.Hosting.Settings;

/// <summary>What the reader of settings makes of mistakes that look almost right.</summary>
public sealed class StrictnessTests
{
    private static readonly (string Key, string? Value)[] s_endPoint = [("EndPoint", "*:1")];

    [Theory]
    [InlineData("LimitMode", "Wait, Reject")]
    [InlineData("LimitMode", "1")]
    [InlineData("LimitMode", "+1")]
    [InlineData("Listener:Socket:Engine", "2")]
    public void Only_names_choose(string key, string value) =>
        Assert.Contains($"NetKit:{key} is \"{value}\"", FailureOf((key, value)), StringComparison.Ordinal);

    [Theory]
    [InlineData("IdleTimeout", "Seconds")]
    [InlineData("MaxConnections", "0")]
    [InlineData("LimitMode", "Mode")]
    [InlineData("EndPoint", "Port")]
    [InlineData("CertificatePath", "Path")]
    [InlineData("Listener:Backlog", "Value")]
    public void A_section_in_the_place_of_a_value_is_refused(string key, string child) =>
        Assert.Contains($"NetKit:{key}:{child} is not a setting", FailureOf(($"{key}:{child}", "30")), StringComparison.Ordinal);

    [Fact]
    public void A_section_in_the_place_of_an_item_is_refused() =>
        Assert.Contains("NetKit:EndPoints:1", FailureOf(("EndPoints:0", "*:1"), ("EndPoints:1:Host", "x")), StringComparison.Ordinal);

    [Fact]
    public void A_value_in_the_place_of_a_section_is_refused()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Dial", (string?)"30 s")]).Build().GetSection("Dial");
        var exception = Assert.Throws<OptionsValidationException>(() => section.Read(new HostedDialerOptions(), DialerSettings.ReadInto));
        Assert.Contains("Dial is \"30 s\"", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_section_with_nothing_in_it_is_refused()
    {
        foreach (var nothing in (string?[])[null, ""])
        {
            var section = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Dial", nothing)]).Build().GetSection("Dial");
            var exception = Assert.Throws<OptionsValidationException>(() => section.Read(new HostedDialerOptions(), DialerSettings.ReadInto));
            Assert.Contains("no section Dial, or nothing in it", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_endpoint_and_a_list_of_them_are_not_both_taken()
    {
        var failure = FailureOf(("EndPoint", "*:8000"), ("EndPoints:0", "*:5000"));
        Assert.Contains("NetKit", failure, StringComparison.Ordinal);
        Assert.Contains("EndPoint and EndPoints", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Retry")]
    [InlineData("Retry:CircuitBreaker")]
    public void A_section_that_matters_by_being_there_must_not_be_empty(string key)
    {
        var section = Json($$"""{ "NetKit": { "ConnectTimeout": "1 s", "Retry": {{(key == "Retry" ? "{}" : """{ "MaxRetryAttempts": 1, "CircuitBreaker": {} }""")}} } }""");
        var exception = Assert.Throws<OptionsValidationException>(() => section.Read(new HostedDialerOptions(), DialerSettings.ReadInto));
        Assert.Contains($"NetKit:{key} is empty", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ProxyProtocol", "{}")]
    [InlineData("ProxyProtocol", "null")]
    [InlineData("ProxyProtocol", "\"\"")]
    [InlineData("MinReceiveRate", "{}")]
    [InlineData("Listener", "{}")]
    public void A_section_of_a_server_must_not_be_empty(string key, string value)
    {
        var section = Json($$"""{ "NetKit": { "EndPoint": "*:1", "{{key}}": {{value}} } }""");
        var exception = Assert.Throws<OptionsValidationException>(() => section.Read(new HostedServerOptions(), ServerSettings.ReadInto));
        Assert.Contains($"NetKit:{key} is empty", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_in_JSON_is_read()
    {
        var options = new HostedServerOptions();
        Json("""
            { "NetKit": {
                "EndPoints": [ "127.0.0.1:1", "unix:/x" ], "MaxConnections": 10, "IdleTimeout": "2 min", "RunContinuationsAsynchronously": true,
                "DrainTimeout": null, "CertificatePath": "", "MinReceiveRate": { "BytesPerSecond": 2.5, "GracePeriod": "5 s" },
                "Listener": { "UnixSocketMode": 660, "Socket": { "NoDelay": false } } } }
            """).Read(options, ServerSettings.ReadInto);
        Assert.Equal((2, 10, TimeSpan.FromMinutes(2)), (options.EndPoints.Count, options.Server.MaxConnections, options.Server.IdleTimeout));
        Assert.Equal(2.5, options.Server.MinReceiveRate!.BytesPerSecond);
        Assert.Equal((UnixFileMode)0b110_110_000, options.Listener.UnixSocketMode);
        Assert.False(options.Listener.Socket.NoDelay);
        Assert.Null(options.CertificatePath);
    }

    [Fact]
    public void An_optional_limit_is_taken_away_by_infinite()
    {
        var options = new HostedServerOptions
        {
            Server = { IdleTimeout = TimeSpan.FromMinutes(1), MaxConnectionLifetime = TimeSpan.FromMinutes(1) },
            Listener = { Socket = { UserTimeout = TimeSpan.FromMinutes(1) } },
        };
        TestHost.Section(
            ("EndPoint", "*:1"), ("IdleTimeout", "infinite"), ("MaxConnectionLifetime", "infinite"), ("Listener:Socket:KeepAliveTime", "infinite"), ("Listener:Socket:UserTimeout", "Infinite"))
            .Read(options, ServerSettings.ReadInto);
        options.Validate();
        Assert.Null(options.Server.IdleTimeout);
        Assert.Null(options.Server.MaxConnectionLifetime);
        Assert.Null(options.Listener.Socket.KeepAliveTime);
        Assert.Null(options.Listener.Socket.UserTimeout);
        var dialer = new HostedDialerOptions { Retry = new RetryOptions { TotalTimeout = TimeSpan.FromSeconds(1) } };
        TestHost.Section(("Retry:TotalTimeout", "infinite")).Read(dialer, DialerSettings.ReadInto);
        Assert.Null(dialer.Retry.TotalTimeout);
    }

    [Fact]
    public void Numbers_are_read_the_same_everywhere()
    {
        var before = CultureInfo.CurrentCulture;
        var format = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (format.NumberFormat.NumberDecimalSeparator, format.NumberFormat.NumberGroupSeparator, format.NumberFormat.NegativeSign) = (",", ".", "~");
        format.DateTimeFormat.TimeSeparator = ".";
        CultureInfo.CurrentCulture = format;
        try
        {
            var options = new HostedServerOptions();
            TestHost.Section(("EndPoint", "*:1"), ("MinReceiveRate:BytesPerSecond", "1.5"), ("MinReceiveRate:GracePeriod", "1.5 s"), ("DrainTimeout", "00:00:01.5"), ("IdleTimeout", "-1 s"))
                .Read(options, ServerSettings.ReadInto);
            Assert.Equal((1.5, TimeSpan.FromSeconds(1.5)), (options.Server.MinReceiveRate!.BytesPerSecond, options.Server.MinReceiveRate.GracePeriod));
            Assert.Equal((TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(-1)), (options.Server.DrainTimeout, options.Server.IdleTimeout!.Value));
            Assert.Contains("\"1,5\"", FailureOf(("MinReceiveRate:BytesPerSecond", "1,5")), StringComparison.Ordinal);
            Assert.Contains("\"1,5 s\"", FailureOf(("DrainTimeout", "1,5 s")), StringComparison.Ordinal);
            Assert.Contains("\"1.000\"", FailureOf(("MaxConnections", "1.000")), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string FailureOf(params (string Key, string? Value)[] settings) => Assert.Throws<OptionsValidationException>(
        () => TestHost.Section([.. settings.Any(static setting => setting.Key.StartsWith("EndPoint", StringComparison.Ordinal)) ? [] : s_endPoint, .. settings]).Read(new HostedServerOptions(), ServerSettings.ReadInto)).Message;

    private static IConfigurationSection Json(string text) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text))).Build().GetSection("NetKit");
}
