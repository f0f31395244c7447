using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using DistillForge.Packaging.Reports;

namespace DistillForge.Engines.Tests.Packaging;

/// <summary>The report's page, as its text and as a browser shows it.</summary>
public sealed class ReportPageTests : IDisposable
{
    const string Hostile = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> \u202edrow & 'quote'";

    static readonly string[] Ids = ["lines", "histogram", "calibration", "dots", "scatter", "bars"];

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    static PlotSeries Series(string name, params double[][] points) => new(name, points, HasDots: true);

    static ReportPage Page(string text = "student") => new(text, text, [new(text, text)],
    [
        new(text, [text])
        {
            Tables = [new([text, text], [[text, text]], IsText: true), Wide],
            Plots =
            [
                new LinePlot("lines", text, text, "step", "loss", LogY: true, [Series(text, [1, 3], [2, 2], [3, double.NaN])]),
                new HistogramPlot("histogram", text, text, "KL", LogX: true, [Series(text, [0, 1e-6, 0.5], [1e-6, 1e-5, 0.5]), Series("teacher", [0, 1e-6, 1])]),
                new CalibrationPlot("calibration", text, text, [Series(text, [0.2, 0.3, 10], [0.9, 0.8, 100])]),
                new DotPlot("dots", text, text, "share", Percent: true, LogX: false, [new(text, new Dictionary<string, double> { [text] = 0.5, ["teacher"] = 1 }), .. Close]),
                new ScatterPlot("scatter", text, text, "MB", "KL", LogY: true, [new(text, 0, 1e-3), new("q8_0", 2, 1e-2)]),
                new BarPlot("bars", text, text, "rows", [new(text, 0, text), new("kept", 5, "5")]),
                new BarPlot("empty", text, text, "rows", []),
            ],
        },
    ]);

    // As wide as the widest of a run's tables.
    static ReportTable Wide => new(["score", "questions", "teacher", "student", "baseline", "untrained", "teacher loses, points", "student loses, points", "student loses more by"],
        [.. new[] { "all of them", "distraction", "random-case" }.Select(kind => (IReadOnlyList<string>)[kind, "20", .. Enumerable.Repeat("100.0 → 95.0 %", 4), .. Enumerable.Repeat("−10.5 (−11.9 to −10.0)", 3)])]);

    // Equal values, and two that are nearly so.
    static IEnumerable<DotRow> Close =>
    [
        new("equal", new Dictionary<string, double> { ["teacher"] = 0.5, ["student"] = 0.5, ["baseline"] = 0.5, ["untrained"] = 0.5 }),
        new("close", new Dictionary<string, double> { ["teacher"] = 0.5, ["student"] = 0.505, ["baseline"] = 1 }),
    ];

    [Fact]
    public void Text_of_models_and_data_cannot_become_markup()
    {
        var html = Page(Hostile).ToHtml();

        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>document", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', html);
        Assert.Equal(4, Regex.Count(html, "</script", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void The_page_loads_nothing()
    {
        var html = Page().ToHtml();

        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("<[^>]+\\s(src|href)=", RegexOptions.None, TimeSpan.FromSeconds(5)), html[..html.IndexOf("<script>", StringComparison.Ordinal)]);
        Assert.DoesNotContain("id=\"empty\"", html, StringComparison.Ordinal);
    }

    [ChromiumTheory]
    [InlineData("student")]
    [InlineData(Hostile)]
    public async Task A_browser_draws_every_plot_and_complains_of_nothing(string text)
    {
        await File.WriteAllTextAsync(scratch["report.html"], Page(text).ToHtml());

        var (page, console) = await Chromium.OpenAsync(scratch["report.html"], scratch["profile"]);

        Assert.All(Ids, id => Assert.Matches(new Regex($"<figure id=\"{id}\"[^>]*data-drawn=\"yes\"", RegexOptions.None, TimeSpan.FromSeconds(5)), page));
        Assert.True(Regex.Count(page, "<svg", RegexOptions.None, TimeSpan.FromSeconds(5)) >= Ids.Length);
        Assert.DoesNotContain("<title>taken", page, StringComparison.Ordinal);
        Assert.DoesNotContain("CONSOLE", console, StringComparison.Ordinal);
    }

    [ChromiumTheory]
    [InlineData("student")]
    public async Task Values_that_are_equal_stand_above_one_another(string text)
    {
        await File.WriteAllTextAsync(scratch["report.html"], Page(text).ToHtml());

        var (page, _) = await Chromium.OpenAsync(scratch["report.html"], scratch["profile"]);

        var plot = Regex.Match(page, "<figure id=\"dots\".*?</figure>", RegexOptions.Singleline, TimeSpan.FromSeconds(5)).Value;
        List<(double X, double Y)> dots = [.. Regex.Matches(plot, "<g aria-label=\"dot\"[^>]*?(?:transform=\"translate\\((?<dx>[-.0-9]+),(?<dy>[-.0-9]+)\\)\")?>(?<dots>.*?)</g>", RegexOptions.Singleline, TimeSpan.FromSeconds(5))
            .SelectMany(mark => Regex.Matches(mark.Groups["dots"].Value, "cx=\"(?<x>[-.0-9]+)\" cy=\"(?<y>[-.0-9]+)\"", RegexOptions.None, TimeSpan.FromSeconds(5)).Select(dot => (Number(dot, "x") + Number(mark, "dx"), Number(dot, "y") + Number(mark, "dy"))))];
        Assert.Equal(9, dots.Count);
        // Across, where a dot is 9 pixels wide.
        Assert.All(dots, dot => Assert.Single(dots, other => Math.Sqrt(Math.Pow(dot.X - other.X, 2) + Math.Pow(dot.Y - other.Y, 2)) < 9));

        static double Number(Match match, string group) => match.Groups[group] is { Success: true } found ? double.Parse(found.Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    [ChromiumTheory]
    [InlineData("@media print {", "@media all {", 718, true)] // A4 less its margins, at 96 dots an inch
    [InlineData("<html ", "<html style=\"width: 400px\" ", 400, false)]
    public async Task Nothing_is_cut_on_paper_or_on_a_phone(string part, string instead, int width, bool isPaper)
    {
        const string Measured = """
            <script>addEventListener("load", () => {
              const all = [...document.querySelectorAll("main *")].filter((e) => PAPER || !e.closest(".table"));
              const over = all.filter((e) => e.getBoundingClientRect().right > WIDTH + 1).map((e) => `${e.tagName} ${e.textContent.slice(0, 20)}`);
              const narrow = [...document.querySelectorAll("th:first-child")].filter((e) => e.textContent && e.getBoundingClientRect().width < 40).map((e) => e.textContent);
              const broken = [...document.querySelectorAll("figure, tr")].filter((e) => getComputedStyle(e).breakInside !== "avoid").length;
              document.title = JSON.stringify({ over, narrow, broken, ink: getComputedStyle(document.documentElement).getPropertyValue("--ink") });
            });</script></body>
            """;
        var html = Regex.Replace(Page().ToHtml(), "<meta http-equiv=[^>]*>", "", RegexOptions.None, TimeSpan.FromSeconds(5)).Replace(part, instead, StringComparison.Ordinal)
            .Replace("</body>", Measured.Replace("PAPER", isPaper ? "true" : "false", StringComparison.Ordinal).Replace("WIDTH", $"{width}", StringComparison.Ordinal), StringComparison.Ordinal);
        await File.WriteAllTextAsync(scratch["report.html"], html);

        var (page, _) = await Chromium.OpenAsync(scratch["report.html"], scratch["profile"], $"--window-size={Math.Max(width, 600)},1000", "--blink-settings=preferredColorScheme=0");

        var found = JsonDocument.Parse(System.Net.WebUtility.HtmlDecode(Regex.Match(page, "<title>(.*?)</title>", RegexOptions.Singleline, TimeSpan.FromSeconds(5)).Groups[1].Value)).RootElement;
        Assert.Equal("[]", found.GetProperty("over").GetRawText());
        Assert.Equal("[]", found.GetProperty("narrow").GetRawText());
        // On paper no plot and no row lies on two pages, and a reader who likes it dark prints black on white.
        Assert.Equal((isPaper, isPaper ? "#000" : "#e6edf3"), (found.GetProperty("broken").GetInt32() == 0, found.GetProperty("ink").GetString()!.Trim()));
    }

    [ChromiumTheory]
    [InlineData("FORGE_REPORT")]
    public async Task A_given_page_is_drawn_whole(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } given)
        {
            return; // by hand: a report of a run
        }

        var (page, console) = await Chromium.OpenAsync(given, scratch["profile"]);

        var figures = Regex.Count(page, "<figure id=", RegexOptions.None, TimeSpan.FromSeconds(5));
        Assert.True(figures >= 6, $"{figures} figures");
        Assert.Equal(figures, Regex.Count(page, "data-drawn=\"yes\"", RegexOptions.None, TimeSpan.FromSeconds(5)));
        Assert.DoesNotContain("CONSOLE", console, StringComparison.Ordinal);
    }
}

/// <summary>Debian's browser without a window.</summary>
static class Chromium
{
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <returns>The page after its scripts have run, and what it wrote on the console.</returns>
    public static async Task<(string Page, string Console)> OpenAsync(string path, string profile, params string[] more)
    {
        string[] arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", $"--user-data-dir={profile}", "--enable-logging=stderr", "--virtual-time-budget=10000", .. more, "--dump-dom", $"file://{path}"];
        using var process = Process.Start(new ProcessStartInfo(Program!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var end = late.Token.Register(() => process.Kill(entireProcessTree: true));
        var console = process.StandardError.ReadToEndAsync();
        var page = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (page, await console);
    }
}

/// <summary>A theory that needs a browser; skipped, saying so, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ChromiumTheoryAttribute : TheoryAttribute
{
    public ChromiumTheoryAttribute() => Skip = Chromium.Program is null ? "chromium is not on this machine (apt install chromium)" : null;
}
