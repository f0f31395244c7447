using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;

namespace DistillForge.Runs;

/// <summary>Reads a dataset once and says what its rows look like.</summary>
/// <param name="column">Of a CSV: the question; null finds it by name.</param>
/// <param name="answer">Of a CSV: the answer.</param>
public sealed class Survey(string? column = null, string? answer = null, int samples = 3, int compared = 20_000)
{
    const int Top = 5;
    const double Near = 0.8;
    const string NoColumn = "\0";

    readonly List<int>[] lengths = [[], [], [], []];
    readonly List<SurveySample> kept = [], first = [];
    // Which rows are shown does not change from one look to the next.
    readonly Random random = new(7);

    /// <param name="files">Parquet files that are alike, or one file of JSON lines or CSV.</param>
    /// <param name="verdicts">The Parquet of what filters said of them; null where there is none.</param>
    /// <exception cref="ForgeException">The files are no table.</exception>
    public async Task<RowsSurvey> OfAsync(IReadOnlyList<string> files, string? verdicts, CancellationToken cancellationToken)
    {
        var (rows, head) = await TableFile.ReadAsync(files, samples, cancellationToken);
        SurveyColumn[] columns = [.. head.Columns.Zip(head.Types, (name, type) => new SurveyColumn(name, type))];
        var reasons = verdicts is null ? [] : await ReasonsAsync(verdicts, cancellationToken);
        using var clusters = new NearClusters(Near);
        if (await ReadAsync(files, head.Columns, clusters, cancellationToken) is { } note)
        {
            return new RowsSurvey(rows, columns, [], reasons, 0, [], [.. head.Rows.Select(row => new SurveySample(string.Join('\t', row.Select(cell => cell ?? "NULL")), null))], note);
        }

        return new RowsSurvey(rows, columns, [.. Lengths(), .. await TokensAsync(files, head.Columns, cancellationToken)], reasons, clusters.Count, Clusters(clusters), kept);
    }

    // Null, or why these rows are no questions and answers: a file of traces is a table, too.
    async Task<string?> ReadAsync(IReadOnlyList<string> files, IReadOnlyList<string> headings, NearClusters clusters, CancellationToken cancellationToken)
    {
        var seen = 0;
        try
        {
            foreach (var file in files)
            {
                await foreach (var row in Rows(file, headings, cancellationToken))
                {
                    Take(row, seen++, clusters);
                }
            }

            return null;
        }
        catch (ForgeException error) when (seen == 0)
        {
            return string.Join(' ', error.Problems);
        }
    }

    IAsyncEnumerable<ImportedRow> Rows(string file, IReadOnlyList<string> headings, CancellationToken cancellationToken) => Path.GetExtension(file).ToLowerInvariant() switch
    {
        ".parquet" => Import.ParquetAsync(file, cancellationToken),
        ".csv" => Import.CsvAsync(file, column ?? (Import.KnowsColumns(headings) ? NoColumn : Init.ChooseColumn(file)), answer, cancellationToken),
        _ => Import.JsonlAsync(file, cancellationToken),
    };

    void Take(ImportedRow row, int number, NearClusters clusters)
    {
        var (prompt, said) = (string.Join('\n', row.Prompt.Select(message => message.Content)), row.Completion.Count == 0 ? null : string.Join('\n', row.Completion.Select(message => message.Content)));
        lengths[0].Add(prompt.Length);
        lengths[1].Add(TextLength.Words(prompt));
        if (said is not null)
        {
            lengths[2].Add(said.Length);
            lengths[3].Add(TextLength.Words(said));
        }

        if (clusters.Count < compared)
        {
            clusters.Add(row.ToExample("", null, ""), null);
            first.Add(new SurveySample(Cut(prompt), said is null ? null : Cut(said)));
        }

        // Reservoir: each row is as likely to be shown as any other.
        var place = number < samples ? number : random.Next(number + 1);
        if (place < samples)
        {
            kept.RemoveRange(place, place < kept.Count ? 1 : 0);
            kept.Insert(place, new SurveySample(Cut(prompt), said is null ? null : Cut(said)));
        }
    }

    IEnumerable<SurveyLength> Lengths()
    {
        foreach (var (values, i) in lengths.Select((values, i) => (values, i)).Where(of => of.values.Count > 0))
        {
            values.Sort();
            yield return new SurveyLength(i < 2 ? "prompt" : "answer", i % 2 == 0 ? "characters" : "words", values[0], At(values, 0.5), At(values, 0.95), values[^1]);
        }
    }

    // As DuckDB's quantile_disc: the smallest value that so many are not above.
    static int At(List<int> sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];

    static async Task<IReadOnlyList<SurveyLength>> TokensAsync(IReadOnlyList<string> files, IReadOnlyList<string> headings, CancellationToken cancellationToken)
    {
        var found = new List<SurveyLength>();
        foreach (var (of, name) in new[] { ("prompt", "prompt_tokens"), ("answer", "completion_tokens") }.Where(pair => headings.Contains(pair.Item2)))
        {
            if (await TableFile.SpreadAsync(files, name, cancellationToken) is [var least, var median, var p95, var most])
            {
                found.Add(new SurveyLength(of, "tokens", least, median, p95, most));
            }
        }

        return found;
    }

    static async Task<IReadOnlyList<SurveyReason>> ReasonsAsync(string verdicts, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<(string Action, string Filter, string Code), long>();
        await foreach (var judged in VerdictsFile.ReadAsync([verdicts], cancellationToken))
        {
            if (judged.Verdict.Reason is { } reason)
            {
                var key = (judged.Verdict.Action.ToString().ToLowerInvariant(), judged.Filter, reason.Code);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }

        return [.. counts.OrderByDescending(count => count.Value).ThenBy(count => count.Key.Filter, StringComparer.Ordinal).ThenBy(count => count.Key.Code, StringComparer.Ordinal)
            .Select(count => new SurveyReason(count.Key.Action, count.Key.Filter, count.Key.Code, count.Value))];
    }

    IReadOnlyList<SurveyCluster> Clusters(NearClusters clusters) => [.. clusters.Firsts().CountBy(row => row).Where(cluster => cluster.Value > 1)
        .OrderByDescending(cluster => cluster.Value).ThenBy(cluster => cluster.Key).Take(Top).Select(cluster => new SurveyCluster(cluster.Value, first[cluster.Key]))];

    // So much is kept of a row that is shown; a screen shows less.
    static string Cut(string text) => text.Length <= 400 ? text : text[..(char.IsHighSurrogate(text[399]) ? 399 : 400)] + "…";
}
