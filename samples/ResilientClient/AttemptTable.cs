using System.Globalization;

namespace NetKit.Samples;

/// <summary>Collects the attempts of a dial, through all its rounds, and prints them as a table.</summary>
internal sealed class AttemptTable(TimeProvider clock)
{
    private static readonly string[] s_header = ["address", "phase", "begun at ms", "elapsed ms", "outcome"];

    private readonly long _began = clock.GetTimestamp();
    private readonly Lock _gate = new(); // guards _rows
    private readonly List<string[]> _rows = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _rows.Count;
            }
        }
    }

    public TimeSpan Elapsed => clock.GetElapsedTime(_began);

    /// <summary>Takes in an attempt that has just ended.</summary>
    public void Add(DialAttempt attempt)
    {
        string[] row =
        [
            EndPointText.Format(attempt.EndPoint),
            attempt.Phase switch
            {
                DialPhase.NameResolution => "name resolution",
                DialPhase.Tls => "TLS handshake",
                _ => "connect",
            },
            Milliseconds(attempt.Started),
            Milliseconds(attempt.Elapsed),
            attempt.Error is { } error ? $"{attempt.Outcome}: {error.Error}" : $"{attempt.Outcome}",
        ];
        lock (_gate)
        {
            _rows.Add(row);
        }
    }

    public void Print(TextWriter output)
    {
        lock (_gate)
        {
            List<string[]> lines = [s_header, .. _rows];
            var widths = s_header.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
            foreach (var line in lines)
            {
                output.WriteLine("  " + string.Join("  ", line.Select((cell, column) => Pad(cell, widths[column], isNumber: column is 2 or 3))).TrimEnd());
            }
        }
    }

    private static string Pad(string cell, int width, bool isNumber) => isNumber ? cell.PadLeft(width) : cell.PadRight(width);

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}
