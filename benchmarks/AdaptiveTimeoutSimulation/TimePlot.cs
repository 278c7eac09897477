using System.Globalization;
using System.Text;
using NetKit.Benchmarks;

namespace NetKit.Simulation;

/// <summary>Draws timeouts over time on a logarithmic scale, as SVG that reads on light and dark pages.</summary>
internal static class TimePlot
{
    private const int Width = 720;
    private const int Height = 340;
    private const int Left = 60;
    private const int Right = 110;
    private const int Top = 30;
    private const int Bottom = 40;
    private const double Least = 0.01;
    private const double Most = 10;
    private const int From = 30; // the cold start is off the scale

    private static readonly string[] s_colors = ["#2070d0", "#888888", "#d08000", "#20a060"];

    public static void Save(string name, string title, (string Name, double[] Timeouts)[] lines)
    {
        var length = lines[0].Timeouts.Length / 10;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#808080\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\">{title}</text>\n");
        for (var mark = Least; mark <= Most * 1.001; mark *= 10)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" y1=\"{Y(mark):0}\" x2=\"{Width - Right}\" y2=\"{Y(mark):0}\" stroke=\"#808080\" stroke-opacity=\"0.3\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(mark) + 4:0}\" text-anchor=\"end\">{1000 * mark:N0}</text>\n");
        }

        for (var second = From; second <= length; second += 30)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(second):0}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{second} s</text>\n");
        }

        for (var line = 0; line < lines.Length; line++)
        {
            var points = string.Join(' ', Enumerable.Range(From * 2, (length - From) * 2).Select(half => string.Create(
                CultureInfo.InvariantCulture, $"{X(half / 2.0):0.0},{Y(lines[line].Timeouts[half * 5]):0.0}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{s_colors[line]}\" stroke-width=\"1.5\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right + 14}\" y=\"{Top + 12 + (18 * line)}\" fill=\"{s_colors[line]}\">{lines[line].Name}</text>\n");
        }

        svg.Append("</svg>\n");
        Directory.CreateDirectory(ResultTable.ResultsFolder);
        File.WriteAllText(Path.Combine(ResultTable.ResultsFolder, name + ".svg"), svg.ToString());

        double X(double second) => Left + ((Width - Left - Right) * (second - From) / (length - From));
        double Y(double timeout) => Height - Bottom - ((Height - Bottom - Top) * Math.Log10(Math.Clamp(timeout, Least, Most) / Least) / Math.Log10(Most / Least));
    }
}
