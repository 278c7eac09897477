using System.Text;

namespace NetKit.Samples;

/// <summary>The status for a terminal.</summary>
internal static class StatusText
{
    private const int Words = 2; // the columns that stand to the left

    public static string Of(StatusTable status)
    {
        var lines = status.Rows.Select(static row => row.Cells).Prepend(StatusTable.Columns).ToArray();
        var widths = StatusTable.Columns.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder(status.Summary).Append("\n\n");
        foreach (var line in lines)
        {
            text.AppendJoin("  ", line.Select((cell, column) => column < Words ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).Append('\n');
        }

        return text.ToString();
    }
}
