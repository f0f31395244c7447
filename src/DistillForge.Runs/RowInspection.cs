using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs;

/// <summary>What the rows of a run are like: schema, lengths, who answered, what filters said, what is nearly the same, and some to read.</summary>
static class RowInspection
{
    // Clusters of more rows take minutes to find, and the first of them say what kind there is.
    const int MostClustered = 50_000;
    const int Top = 5;
    const int Shown = 160;

    public static async IAsyncEnumerable<string> DescribeAsync(string folder, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shards = WantedRows.Shards(Path.Combine(folder, "examples"));
        if (shards.Count == 0)
        {
            yield break;
        }

        foreach (var line in Columns(await Sql.QueryAsync("describe examples", folder, cancellationToken)).Concat(await RowsAsync(shards, cancellationToken)))
        {
            yield return line;
        }

        var verdicts = Path.Combine(folder, "verdicts.parquet");
        foreach (var line in File.Exists(verdicts) ? await ReasonsAsync(verdicts, cancellationToken) : [])
        {
            yield return line;
        }
    }

    static IEnumerable<string> Columns(SqlTable schema) => ["", $"schema       {string.Join(", ", schema.Rows.Select(row => $"{row[0]} {row[1]}"))}"];

    static async Task<List<string>> RowsAsync(IReadOnlyList<string> shards, CancellationToken cancellationToken)
    {
        using var clusters = new NearClusters(0.8);
        var (rows, samples) = (new List<Example>(), new List<Example>());
        var (prompts, answers, tokens) = (new List<int>(), new List<int>(), new List<int>());
        var (authors, ends, categories, sources) = (new Tally(), new Tally(), new Tally(), new Tally());
        await foreach (var row in ExamplesFile.ReadAsync(shards, cancellationToken))
        {
            prompts.Add(row.Prompt.Sum(message => message.Content.Length));
            answers.Add(row.Text.Length);
            tokens.Add(row.CompletionTokens);
            authors.Add(row.Author);
            ends.Add(row.FinishReason);
            sources.Add(row.Source);
            categories.Add(row.Category ?? "");
            if (clusters.Count < MostClustered)
            {
                clusters.Add(row, null);
                rows.Add(row with { Trace = null });
            }
        }

        List<string> lines = [$"rows         {prompts.Count:N0}", Lengths("prompt", prompts, "characters"), Lengths("answer", answers, "characters")];
        lines.AddRange(tokens.Any(count => count > 0) ? [Lengths("", tokens, "tokens")] : []);
        lines.AddRange(new[] { authors.Line("answered by"), ends.Line("ended by"), categories.Line("categories"), sources.Line("sources") }.OfType<string>());
        lines.AddRange(Clusters(rows, clusters.Firsts()));
        lines.Add("");
        samples.AddRange(Enumerable.Range(0, Math.Min(3, rows.Count)).Select(i => rows[i * (rows.Count - 1) / Math.Max(1, Math.Min(3, rows.Count) - 1)]));
        lines.AddRange(samples.SelectMany(row => new[] { $"sample       {row.Id[..Math.Min(12, row.Id.Length)]}  {OneLine(row.Prompt.Count > 0 ? row.Prompt[^1].Content : "")}", $"             → {OneLine(row.Text)}" }));
        return lines;
    }

    static string Lengths(string what, List<int> values, string unit)
    {
        values.Sort();
        int At(double share) => values.Count == 0 ? 0 : values[(int)(share * (values.Count - 1))];
        return $"{what,-12} {At(0):N0} … {At(0.5):N0} (median) … {At(0.95):N0} (95 %) … {At(1):N0} {unit}";
    }

    static IEnumerable<string> Clusters(List<Example> rows, IReadOnlyList<int> firsts)
    {
        var clusters = firsts.GroupBy(first => first).Where(cluster => cluster.Count() > 1).OrderByDescending(cluster => cluster.Count()).ToList();
        yield return $"clusters     {clusters.Count:N0} of more than one row ({clusters.Sum(cluster => cluster.Count()):N0} rows){(rows.Count == MostClustered ? $", in the first {MostClustered:N0} rows" : "")}: answers to one prompt, or nearly the same words";
        foreach (var cluster in clusters.Take(Top))
        {
            yield return $"  {cluster.Count(),9:N0}  {OneLine(rows[cluster.Key].Prompt is [.., var asked] ? asked.Content : "")} → {OneLine(rows[cluster.Key].Text)}";
        }
    }

    static async Task<List<string>> ReasonsAsync(string verdicts, CancellationToken cancellationToken)
    {
        var reasons = new Dictionary<(string, string, string), long>();
        await foreach (var judged in VerdictsFile.ReadAsync([verdicts], cancellationToken))
        {
            if (judged.Verdict is { Reason: { } reason } verdict)
            {
                var key = (judged.Filter, verdict.Action.ToString().ToLowerInvariant(), reason.Code);
                reasons[key] = reasons.GetValueOrDefault(key) + 1;
            }
        }

        return reasons.Count == 0 ? [] : ["", .. reasons.OrderByDescending(reason => reason.Value).Select(reason => $"{reason.Key.Item2,-12} {reason.Value,9:N0}  {reason.Key.Item1}: {reason.Key.Item3}")];
    }

    static string OneLine(string text) => TerminalText.OnOneLine(text.Length > Shown ? text[..Shown] + "…" : text);

    /// <summary>How often each of some values comes.</summary>
    sealed class Tally
    {
        readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

        public void Add(string value) => counts[value] = counts.GetValueOrDefault(value) + 1;

        /// <returns>Null where nothing but the empty value came.</returns>
        public string? Line(string what) => counts.Keys.All(value => value.Length == 0) ? null
            : $"{what,-12} {string.Join(", ", counts.OrderByDescending(count => count.Value).Take(Top).Select(count => $"{(count.Key.Length == 0 ? "(none)" : OneLine(count.Key))} {count.Value:N0}"))}{(counts.Count > Top ? $", {counts.Count - Top:N0} more" : "")}";
    }
}
