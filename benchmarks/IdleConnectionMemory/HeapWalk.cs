using System.Text.RegularExpressions;
using Microsoft.Diagnostics.Runtime;

namespace NetKit.Benchmarks;

/// <summary>Says which objects the bytes of an idle connection are.</summary>
internal static partial class HeapWalk
{
    /// <summary>Counts the objects of a dump of the process by type. Adds no rows where the system forbids dumps.</summary>
    /// <returns>How many bytes per connection are frames of this program's own async methods: the handler's. Null where unknown.</returns>
    public static double? Tabulate(int processId, string kind, int connections, ResultTable table)
    {
        var types = new Dictionary<string, (int Count, long Bytes)>();
        try
        {
            using var target = DataTarget.CreateSnapshotAndAttach(processId);
            using var runtime = target.ClrVersions.Single().CreateRuntime();
            foreach (var item in runtime.Heap.EnumerateObjects())
            {
                if (item is { IsFree: false, Type.Name: { } name })
                {
                    var (count, bytes) = types.GetValueOrDefault(name);
                    types[name] = (count + 1, bytes + (long)item.Size);
                }
            }
        }
        catch (Exception exception) when (exception is ClrDiagnosticsException or UnauthorizedAccessException or IOException)
        {
            Console.Error.WriteLine($"No breakdown by type: {exception.Message}");
            return null;
        }

        var perConnection = types.Where(type => type.Value.Count >= connections / 2).OrderByDescending(static type => type.Value.Bytes);
        var frames = 0.0;
        foreach (var (name, (count, bytes)) in perConnection)
        {
            table.Add(
                kind,
                $"`{NameSpaces().Replace(name, "")}`",
                ResultTable.Number((double)count / connections, "N1"),
                ResultTable.Number((double)bytes / connections, "N0"));
            if (name.Contains("AsyncStateMachineBox<NetKit.Benchmarks.", StringComparison.Ordinal))
            {
                frames += (double)bytes / connections;
            }
        }

        return frames;
    }

    [GeneratedRegex(@"\b(?:\w+\.)+")]
    private static partial Regex NameSpaces();
}
