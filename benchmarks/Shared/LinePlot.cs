using System.Globalization;
using System.Text;

namespace NetKit.Benchmarks;

/// <summary>Draws one line for each way over a row of sizes, as SVG that reads on light and dark pages.</summary>
internal static class LinePlot
{
    private const int Width = 640;
    private const int Height = 320;
    private const int Left = 60;
    private const int Right = 150;
    private const int Top = 30;
    private const int Bottom = 40;

    private static readonly string[] s_colors = ["#888888", "#d08000", "#2070d0", "#20a060"];

    /// <param name="name">The name of the file, without its end.</param>
    /// <param name="title">What is drawn, of which unit.</param>
    /// <param name="sizes">The marks below the axis, one for each value; empty for none.</param>
    /// <param name="lines">The values.</param>
    /// <param name="most">Where the axis is cut; what is above is drawn there. Default: nowhere.</param>
    public static void Save(string name, string title, string[] sizes, IReadOnlyList<(string Way, double[] Values)> lines, double most = double.PositiveInfinity)
    {
        var top = Math.Min(most, lines.Max(static line => line.Values.Max()));
        var step = Math.Pow(10, Math.Floor(Math.Log10(top)));
        step = top / step < 3 ? step / 2 : step;
        var ceiling = Math.Ceiling(top / step) * step;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#808080\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\">{title}</text>\n");
        for (var mark = 0.0; mark <= ceiling; mark += step)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" y1=\"{Y(mark):0}\" x2=\"{Width - Right}\" y2=\"{Y(mark):0}\" stroke=\"#808080\" stroke-opacity=\"0.3\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(mark) + 4:0}\" text-anchor=\"end\">{mark:N0}</text>\n");
        }

        for (var index = 0; index < sizes.Length; index++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(index):0}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{sizes[index]}</text>\n");
        }

        for (var line = 0; line < lines.Count; line++)
        {
            var points = string.Join(' ', lines[line].Values.Select((value, index) => string.Create(CultureInfo.InvariantCulture, $"{X(index):0.0},{Y(Math.Min(value, ceiling)):0.0}")));
            var legend = Top + 12 + (18 * line);
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{s_colors[line]}\" stroke-width=\"1.5\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right + 14}\" y=\"{legend}\" fill=\"{s_colors[line]}\">{lines[line].Way}</text>\n");
        }

        svg.Append("</svg>\n");
        Directory.CreateDirectory(ResultTable.ResultsFolder);
        File.WriteAllText(Path.Combine(ResultTable.ResultsFolder, name + ".svg"), svg.ToString());

        double X(int index) => Left + ((Width - Left - Right) * (index + 0.5) / sizes.Length);
        double Y(double value) => Height - Bottom - ((Height - Bottom - Top) * value / ceiling);
    }
}
