using System.Net;
using System.Text;

namespace NetKit.Samples;

/// <summary>The status for a browser. On a narrow screen each backend is a card instead of a line.</summary>
internal static class StatusPage
{
    private const string Head = """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <meta http-equiv="refresh" content="2">
        <title>TcpProxy</title>
        <style>
          :root { color-scheme: light dark }
          body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
          h1 { font-size: 1.5rem; margin: 0 }
          table { border-collapse: collapse; width: 100% }
          th, td { padding: .4rem .6rem; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
          th { font-weight: 600; border-bottom: 2px solid #8888 }
          td { border-bottom: 1px solid #8884 }
          :is(th, td):nth-child(-n+2) { text-align: left }
          td:first-child { overflow-wrap: anywhere; white-space: normal; font-weight: 600 }
          .up td:nth-child(2) { color: light-dark(#060, #6c6) }
          .down td:nth-child(2) { color: light-dark(#a00, #f77) }
          @media (max-width: 45rem) {
            thead { display: none }
            tr { display: block; padding: .6rem 0; border-bottom: 1px solid #8888 }
            td { display: flex; justify-content: space-between; border: 0; padding: .1rem 0 }
            td:not(:first-child)::before { content: attr(title); opacity: .7 }
          }
        </style>
        <h1>TcpProxy</h1>

        """;

    public static string Of(StatusTable status)
    {
        var page = new StringBuilder(Head).Append("<p>").Append(status.Summary).Append("</p>\n<table>\n<thead><tr>");
        foreach (var column in StatusTable.Columns)
        {
            page.Append("<th>").Append(column);
        }

        page.Append("</thead>\n<tbody>\n");
        foreach (var row in status.Rows)
        {
            page.Append(row.IsUp ? "<tr class=up>" : "<tr class=down>");
            foreach (var (column, cell) in StatusTable.Columns.Zip(row.Cells))
            {
                page.Append("<td title=").Append(column).Append('>').Append(WebUtility.HtmlEncode(cell));
            }

            page.Append('\n');
        }

        return page.Append("</table>\n").ToString();
    }
}
