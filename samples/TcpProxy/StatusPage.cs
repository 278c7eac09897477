using System.Globalization;
using System.Text;

namespace NetKit.Samples;

/// <summary>What a person wants to see of the proxy: a table with a line for each backend.</summary>
internal static class StatusPage
{
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    public static string Of(TcpProxy proxy)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{proxy.ActiveClients} clients now, {proxy.Clients.Refused} turned away because no backend answered\n\n");
        var width = proxy.Backends.Max(static backend => backend.Name.Length);
        text.Append(CultureInfo.InvariantCulture, $"{"backend".PadRight(width)}  {"state",-20}  {"now",6}  {"opened",9}  {"failed",7}  {"sent",9}  {"received",9}\n");
        foreach (var backend in proxy.Backends)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{backend.Name.PadRight(width)}  {StateOf(backend),-20}  {backend.Connections,6}  {backend.Opened,9}  {backend.FailedDials,7}  {Size(backend.Sent),9}  {Size(backend.Received),9}\n");
        }

        return text.ToString();
    }

    private static string StateOf(Backend backend) => backend.Health.Failures switch
    {
        0 => "up",
        var failures => string.Create(CultureInfo.InvariantCulture, $"down, {failures} in a row"),
    };

    private static string Size(ByteCount count)
    {
        var (size, unit) = ((double)count.Total, 0);
        for (; size >= 1000; unit++)
        {
            size /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {s_units[unit]}");
    }
}
