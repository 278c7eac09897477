using System.Text.RegularExpressions;
using Microsoft.Diagnostics.Runtime;

namespace NetKit.Benchmarks;

/// <summary>Says which objects the bytes of an idle connection are.</summary>
internal static partial class HeapWalk
{
    /// <summary>Halts the process, counts its objects by type, and lets it go on. Adds no rows where the system forbids that.</summary>
    public static void Tabulate(int processId, string kind, int connections, ResultTable table)
    {
        var types = new Dictionary<string, (int Count, long Bytes)>();
        try
        {
            using var target = DataTarget.AttachToProcess(processId, suspend: true);
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
            return;
        }

        var perConnection = types.Where(type => type.Value.Count >= connections / 2).OrderByDescending(static type => type.Value.Bytes);
        foreach (var (name, (count, bytes)) in perConnection)
        {
            table.Add(
                kind,
                $"`{NameSpaces().Replace(name, "")}`",
                ResultTable.Number((double)count / connections, "N1"),
                ResultTable.Number((double)bytes / connections, "N0"));
        }
    }

    [GeneratedRegex(@"\b(?:\w+\.)+")]
    private static partial Regex NameSpaces();
}
