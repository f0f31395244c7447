using System.Text.Json.Serialization;

namespace DistillForge.Packaging.Reports;

/// <summary>A page about models that were compared: text and tables that need no script, and plots that are drawn where it is read.</summary>
/// <param name="Lead">One or two sentences below the title.</param>
/// <param name="Facts">What a reader should take away, at a glance.</param>
public sealed record ReportPage(string Title, string Lead, IReadOnlyList<ReportFact> Facts, IReadOnlyList<ReportSection> Sections)
{
    /// <summary>One self-contained HTML file: it loads nothing.</summary>
    /// <exception cref="ForgeException">The chart library is not there.</exception>
    public string ToHtml() => ReportHtml.Render(this);
}

/// <param name="Value">Large.</param>
/// <param name="What">Small, below it.</param>
public sealed record ReportFact(string Value, string What);

/// <param name="Text">Below the heading; each a paragraph.</param>
public sealed record ReportSection(string Title, IReadOnlyList<string> Text)
{
    public IReadOnlyList<ReportPlot> Plots { get; init; } = [];

    public IReadOnlyList<ReportTable> Tables { get; init; } = [];
}

/// <param name="Heads">The first column is text, the others are numbers and stand to the right, unless <paramref name="IsText"/>.</param>
public sealed record ReportTable(IReadOnlyList<string> Heads, IReadOnlyList<IReadOnlyList<string>> Rows, bool IsText = false);

/// <summary>One plot; <c>report.js</c> draws it by its kind.</summary>
/// <param name="Id">Of its figure, in kebab-case.</param>
/// <param name="Caption">What is seen, and what is good.</param>
[JsonDerivedType(typeof(LinePlot), "lines")]
[JsonDerivedType(typeof(HistogramPlot), "histogram")]
[JsonDerivedType(typeof(CalibrationPlot), "calibration")]
[JsonDerivedType(typeof(DotPlot), "dots")]
[JsonDerivedType(typeof(ScatterPlot), "scatter")]
[JsonDerivedType(typeof(BarPlot), "bars")]
public abstract record ReportPlot(string Id, string Title, string Caption)
{
    /// <summary>Nothing can be drawn.</summary>
    [JsonIgnore]
    public abstract bool IsEmpty { get; }
}

/// <param name="Series">[x, y] each; what is not finite is left out.</param>
public sealed record LinePlot(string Id, string Title, string Caption, string X, string Y, bool LogY, IReadOnlyList<PlotSeries> Series) : ReportPlot(Id, Title, Caption)
{
    public override bool IsEmpty => Series.All(series => series.Points.Count == 0);
}

/// <param name="IsFaint">Many noisy points behind the others.</param>
/// <param name="HasDots">Few points, each of them a measurement.</param>
public sealed record PlotSeries(string Name, IReadOnlyList<double[]> Points, bool IsFaint = false, bool HasDots = false);

/// <param name="Series">[from, to, share] each.</param>
public sealed record HistogramPlot(string Id, string Title, string Caption, string X, bool LogX, IReadOnlyList<PlotSeries> Series) : ReportPlot(Id, Title, Caption)
{
    public override bool IsEmpty => Series.All(series => series.Points.Count == 0);
}

/// <param name="Series">[confidence, right, tokens] each.</param>
public sealed record CalibrationPlot(string Id, string Title, string Caption, IReadOnlyList<PlotSeries> Series) : ReportPlot(Id, Title, Caption)
{
    public override bool IsEmpty => Series.All(series => series.Points.Count == 0);
}

/// <summary>Named rows with one value a model.</summary>
/// <param name="Percent">Values are shares.</param>
public sealed record DotPlot(string Id, string Title, string Caption, string X, bool Percent, bool LogX, IReadOnlyList<DotRow> Rows) : ReportPlot(Id, Title, Caption)
{
    public override bool IsEmpty => Rows.Count == 0;
}

/// <param name="Values">Model → value.</param>
public sealed record DotRow(string Label, IReadOnlyDictionary<string, double> Values);

/// <summary>Cost against quality: a line joins those points that no other beats in both (the Pareto front), the others are faint.</summary>
/// <param name="Points">Each with its name written beside it; lower is better.</param>
/// <param name="MoreIsBetter">Of the first axis, as with a speed; else less is, as with a size.</param>
public sealed record ScatterPlot(string Id, string Title, string Caption, string X, string Y, bool LogY, IReadOnlyList<ScatterPoint> Points, bool MoreIsBetter = false) : ReportPlot(Id, Title, Caption)
{
    public override bool IsEmpty => Points.Count == 0;
}

public sealed record ScatterPoint(string Label, double X, double Y);

/// <param name="Bars">From top to bottom.</param>
public sealed record BarPlot(string Id, string Title, string Caption, string X, IReadOnlyList<PlotBar> Bars) : ReportPlot(Id, Title, Caption)
{
    public override bool IsEmpty => Bars.Count == 0;
}

/// <param name="Note">Written beside the bar.</param>
public sealed record PlotBar(string Label, double Value, string Note);
