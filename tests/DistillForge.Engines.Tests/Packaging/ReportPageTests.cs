using System.Diagnostics;
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
            Tables = [new([text, text], [[text, text]], IsText: true)],
            Plots =
            [
                new LinePlot("lines", text, text, "step", "loss", LogY: true, [Series(text, [1, 3], [2, 2], [3, double.NaN])]),
                new HistogramPlot("histogram", text, text, "KL", LogX: true, [Series(text, [0, 1e-6, 0.5], [1e-6, 1e-5, 0.5]), Series("teacher", [0, 1e-6, 1])]),
                new CalibrationPlot("calibration", text, text, [Series(text, [0.2, 0.3, 10], [0.9, 0.8, 100])]),
                new DotPlot("dots", text, text, "share", Percent: true, LogX: false, [new(text, new Dictionary<string, double> { [text] = 0.5, ["teacher"] = 1 })]),
                new ScatterPlot("scatter", text, text, "MB", "KL", LogY: true, [new(text, 0, 1e-3), new("q8_0", 2, 1e-2)]),
                new BarPlot("bars", text, text, "rows", [new(text, 0, text), new("kept", 5, "5")]),
                new BarPlot("empty", text, text, "rows", []),
            ],
        },
    ]);

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
    public static async Task<(string Page, string Console)> OpenAsync(string path, string profile)
    {
        string[] arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", $"--user-data-dir={profile}", "--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", $"file://{path}"];
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
