using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Packaging.Reports;

// Text of data sets and models is hostile: everything is encoded here, and the page's own policy runs no script but those that are named by their hash.
static class ReportHtml
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Render(ReportPage page)
    {
        string[] scripts = [ChartLibrary.D3, ChartLibrary.Plot, Resource("report.js")];
        var policy = $"default-src 'none'; style-src 'unsafe-inline'; script-src {string.Join(' ', scripts.Select(script => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'"))}";
        var html = new StringBuilder("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append($"<title>{Text(page.Title)}</title>\n<style>\n{Resource("report.css")}</style>\n</head>\n<body>\n<main>\n");
        html.Append($"<header><h1>{Text(page.Title)}</h1>\n<p class=\"lead\">{Text(page.Lead)}</p></header>\n");
        Facts(html, page.Facts);
        foreach (var section in page.Sections)
        {
            Section(html, section);
        }

        html.Append("</main>\n");
        // The serializer writes <, > and & as \u003C, \u003E and \u0026: no text can end the element.
        html.Append($"<script type=\"application/json\" id=\"plots\">{JsonSerializer.Serialize(page.Sections.SelectMany(section => section.Plots).Where(plot => !plot.IsEmpty), Json)}</script>\n");
        foreach (var script in scripts)
        {
            html.Append("<script>").Append(script).Append("</script>\n");
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    static void Facts(StringBuilder html, IReadOnlyList<ReportFact> facts)
    {
        if (facts.Count > 0)
        {
            html.Append($"<dl class=\"facts\">{string.Concat(facts.Select(fact => $"<div><dt>{Text(fact.What)}</dt><dd>{Text(fact.Value)}</dd></div>"))}</dl>\n");
        }
    }

    static void Section(StringBuilder html, ReportSection section)
    {
        html.Append($"<section>\n<h2>{Text(section.Title)}</h2>\n{string.Concat(section.Text.Select(text => $"<p>{Text(text)}</p>\n"))}");
        foreach (var table in section.Tables)
        {
            Table(html, table);
        }

        if (section.Plots.Where(plot => !plot.IsEmpty).ToList() is { Count: > 0 } plots)
        {
            html.Append($"<div class=\"plots\">\n{string.Concat(plots.Select(Figure))}</div>\n");
        }

        html.Append("</section>\n");
    }

    static string Figure(ReportPlot plot)
        => $"<figure id=\"{Text(plot.Id)}\"><h3>{Text(plot.Title)}</h3><div class=\"plot\"><noscript>This plot needs JavaScript, which the page brings along.</noscript></div><figcaption>{Text(plot.Caption)}</figcaption></figure>\n";

    static void Table(StringBuilder html, ReportTable table)
    {
        html.Append($"<div class=\"table\"><table{(table.IsText ? " class=\"text\"" : "")}>\n<thead><tr>{string.Concat(table.Heads.Select(head => $"<th scope=\"col\">{Text(head)}</th>"))}</tr></thead>\n<tbody>\n");
        foreach (var row in table.Rows)
        {
            html.Append($"<tr>{string.Concat(row.Select((cell, column) => column == 0 ? $"<th scope=\"row\">{Text(cell)}</th>" : $"<td>{Text(cell)}</td>"))}</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }

    // Control and direction marks would change how the text around them is read.
    static string Text(string text) => WebUtility.HtmlEncode(TerminalText.Harmless(text));

    static string Resource(string name)
    {
        using var stream = typeof(ReportHtml).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>Observable Plot and D3, which the set-up's lock file brings.</summary>
static class ChartLibrary
{
    public static string D3 => Read("d3", "dist", "d3.min.js");

    public static string Plot => Read("@observablehq", "plot", "dist", "plot.umd.min.js");

    static string Read(params ReadOnlySpan<string> parts)
    {
        var path = Path.Combine([Home.Engines, .. parts]);
        try
        {
            // Within a page, a script ends at these letters wherever they stand.
            return File.ReadAllText(path).Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase);
        }
        catch (IOException e)
        {
            throw new ForgeException(new Problem(path, "the chart library is not there.", "Run ./distillforge setup."), ExitCode.Unavailable, e);
        }
    }
}
