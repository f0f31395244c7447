using DistillForge.Core;

namespace DistillForge.Runs;

/// <summary>A <see cref="RowsSurvey"/> on a terminal, which must not obey what rows say.</summary>
static class SurveyLines
{
    const int Width = 100;

    /// <param name="below">Other lines come before.</param>
    public static IEnumerable<string> Of(RowsSurvey survey, bool below)
    {
        if (below)
        {
            yield return "";
        }

        yield return $"{survey.Rows:N0} rows";
        foreach (var line in Section("columns", survey.Columns.Select(column => $"{Short(column.Name),-24} {Short(column.Type)}"))
            .Concat(Section($"{"lengths",-20}{"min",10}{"median",10}{"95 %",10}{"max",10}", survey.Lengths.Select(length => $"{length.Of + " " + length.Unit,-18}{length.Min,10:N0}{length.Median,10:N0}{length.P95,10:N0}{length.Max,10:N0}")))
            .Concat(Section("reasons (a row may have several)", survey.Reasons.Select(reason => $"{reason.Action,-8}{reason.Rows,10:N0}  {Short(reason.Filter)}: {Short(reason.Code)}")))
            .Concat(Section($"clusters of one prompt or of near-duplicates, among {survey.Compared:N0} rows, the largest first", survey.Clusters.Select(cluster => $"{cluster.Rows,6:N0} rows  {Line(cluster.First)}")))
            .Concat(Section("samples", survey.Samples.Select(Line))))
        {
            yield return line;
        }

        if (survey.Note is not null)
        {
            yield return "";
            yield return $"Not read as questions and answers: {TerminalText.OnOneLine(survey.Note)}";
        }
    }

    static IEnumerable<string> Section(string title, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        return all.Count == 0 ? [] : ["", title, .. all.Select(line => $"  {line}")];
    }

    static string Line(SurveySample sample) => sample.Answer is null ? Short(sample.Prompt) : $"{Short(sample.Prompt)} → {Short(sample.Answer)}";

    static string Short(string text)
    {
        var line = TerminalText.OnOneLine(text);
        return line.Length <= Width ? line : line[..(char.IsHighSurrogate(line[Width - 1]) ? Width - 1 : Width)] + "…";
    }
}
