using System.Globalization;
using System.Text;

namespace DistillForge.Runs.Sweeps;

/// <summary>The students of a sweep as curves: what the held-out rows said of each over its steps, on a logarithmic scale.</summary>
static class SweepPlot
{
    const double Width = 640;
    const double Height = 360;
    const double Left = 70;
    const double Top = 20;

    static readonly string[] Colours = ["#1b6ca8", "#d1495b", "#3a7d44", "#edae49", "#6a4c93", "#00798c", "#8d5524", "#555555"];

    public static string Draw(IReadOnlyList<SweepResult> results, SweepResult best)
    {
        var points = results.SelectMany(result => result.Points).Where(point => double.IsFinite(point.Measure)).ToList();
        var steps = Math.Max(1, points.Select(point => point.Step).DefaultIfEmpty(1).Max());
        var (low, high) = (Log(points.Select(point => point.Measure).DefaultIfEmpty(1).Min()), Log(points.Select(point => point.Measure).DefaultIfEmpty(1).Max()));
        high = Math.Max(high, low + 1e-3);
        double X(long step) => Left + Width * step / steps;
        double Y(double measure) => Top + Height * (high - Log(measure)) / (high - low);

        var height = Top + Height + 50 + 18 * results.Count;
        var svg = new StringBuilder(FormattableString.Invariant($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Left + Width + 20}" height="{height}" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            <path d="M{Left} {Top}V{Top + Height}H{Left + Width}" fill="none" stroke="black"/>

            """));
        foreach (var share in new[] { 0.0, 0.25, 0.5, 0.75, 1.0 })
        {
            var (measure, step) = (Math.Exp(low + share * (high - low)), (long)Math.Round(share * steps));
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left - 6}" y="{Y(measure) + 4:F1}" text-anchor="end">{measure:G3}</text><text x="{X(step):F1}" y="{Top + Height + 16}" text-anchor="middle">{step}</text>""");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left + Width}" y="{Top + Height + 32}" text-anchor="end">step; nats a token on held-out rows</text>""");
        foreach (var (result, i) in results.Select((result, i) => (result, i)))
        {
            var colour = Colours[i % Colours.Length];
            var way = string.Join(' ', result.Points.Where(point => double.IsFinite(point.Measure)).Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Step):F1},{Y(point.Measure):F1}")));
            var (thick, y) = (result == best ? 3 : 1.5, Top + Height + 50 + 18 * i);
            var words = string.Join(", ", result.Values.Select(value => $"{value.Key} {value.Value}"));
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{thick}"{(result.Ended is null ? "" : " stroke-dasharray=\"4 3\"")}/>""");
            // Who is given up at the first measurement is a point, and a line of one point cannot be seen.
            if (result.Points.LastOrDefault(point => double.IsFinite(point.Measure)) is { } end)
            {
                svg.AppendLine(CultureInfo.InvariantCulture, $"""<circle cx="{X(end.Step):F1}" cy="{Y(end.Measure):F1}" r="3" fill="{colour}"/>""");
            }

            svg.AppendLine(CultureInfo.InvariantCulture, $"""<path d="M{Left} {y - 4}h24" stroke="{colour}" stroke-width="{thick}"/><text x="{Left + 32}" y="{y}">{System.Security.SecurityElement.Escape(words)}: {(result == best ? $"{result.Measure:F4}, kept" : result.Ended is null ? $"{result.Measure:F4}" : double.IsFinite(result.Measure) ? $"{result.Measure:F4}, {Sweep.Fate(result)}" : Sweep.Fate(result))}</text>""");
        }

        return svg.AppendLine("</svg>").ToString();
    }

    // A divergence of 0 or, by chance of its draws, below it has no logarithm.
    static double Log(double measure) => Math.Log(Math.Max(measure, 1e-6));
}
