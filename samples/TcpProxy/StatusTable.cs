using System.Globalization;

namespace NetKit.Samples;

/// <summary>What a person wants to see of the proxy: a sentence, and a line for each backend.</summary>
internal sealed record StatusTable(string Summary, IReadOnlyList<StatusTable.Row> Rows)
{
    /// <summary>What stands above the columns. The first two are words, the others numbers.</summary>
    public static readonly IReadOnlyList<string> Columns = ["backend", "state", "now", "opened", "failed", "sent", "received"];

    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    public static StatusTable Of(TcpProxy proxy) => new(
        string.Create(CultureInfo.InvariantCulture, $"{(proxy.IsDraining ? "Draining: " : "")}{proxy.ActiveClients} clients now, {proxy.Clients.Refused} turned away because no backend answered"),
        [.. proxy.Backends.Select(RowOf)]);

    private static Row RowOf(Backend backend)
    {
        var failures = backend.Health.Failures;
        return new Row(failures == 0,
        [
            backend.Name,
            failures == 0 ? "up" : string.Create(CultureInfo.InvariantCulture, $"down, {failures} {(failures == 1 ? "failure" : "failures in a row")}"),
            Number(backend.Connections),
            Number(backend.Opened),
            Number(backend.FailedDials),
            Size(backend.Sent),
            Size(backend.Received),
        ]);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Size(ByteCount count)
    {
        var (size, unit) = ((double)count.Total, 0);
        for (; size >= 1000; unit++)
        {
            size /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {s_units[unit]}");
    }

    /// <summary>A backend: whether it is up, and a cell for each column.</summary>
    internal sealed record Row(bool IsUp, IReadOnlyList<string> Cells);
}
