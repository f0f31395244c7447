using System.Text.Json;
using System.Text.Json.Serialization;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>A row that a filter would not simply keep.</summary>
/// <param name="Text">The beginning of its answer.</param>
public sealed record PreviewedRow(string Id, string Detail, string Text);

/// <summary>What one filter says with one code.</summary>
/// <param name="Rows">All rows of which it says so.</param>
/// <param name="Causes">Those that no earlier filter drops: what this one adds.</param>
public sealed record PreviewedReason(string Filter, FilterAction Action, string Code, long Rows, long Causes, IReadOnlyList<PreviewedRow> Examples);

/// <summary>What a policy would do to some rows; nothing is written.</summary>
/// <param name="Dropped">Rows with at least one drop.</param>
/// <param name="Changed">Kept rows that a transform would change.</param>
/// <param name="Reasons">In policy order, the most frequent code of a filter first.</param>
public sealed record FilterPreview(long Rows, long Dropped, long Changed, IReadOnlyList<PreviewedReason> Reasons)
{
    /// <summary>Rows that no filter drops and one holds back for a person: nobody trains on them until they are approved.</summary>
    public long Awaiting { get; init; }

    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>For a person.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{Rows:N0} rows: {Rows - Dropped - Awaiting:N0} would be kept{(Changed > 0 ? $" ({Changed:N0} changed)" : "")}, {Dropped:N0} dropped ({Share(Dropped)}){(Awaiting > 0 ? $", {Awaiting:N0} would await a person ({Share(Awaiting)})" : "")}";
        foreach (var reason in Reasons)
        {
            yield return "";
            yield return $"{reason.Filter}: {reason.Action.ToString().ToLowerInvariant()} {reason.Code}  {reason.Rows:N0} rows ({Share(reason.Rows)}){(reason.Action == FilterAction.Drop ? $", cause of {reason.Causes:N0}" : "")}";
            foreach (var row in reason.Examples)
            {
                yield return $"  {TerminalText.OnOneLine(row.Id[..Math.Min(12, row.Id.Length)])}  {TerminalText.OnOneLine(row.Detail)}";
                yield return $"    {row.Text}";
            }
        }
    }

    string Share(long rows) => Rows == 0 ? "0 %" : $"{100.0 * rows / Rows:0.0} %";
}

/// <summary>Counts verdicts and keeps the first examples of each reason.</summary>
sealed class PreviewTally(int examples)
{
    const int MostCharacters = 100;

    readonly Dictionary<(int Order, string Filter, FilterAction Action, string Code), Reason> reasons = [];
    long rows;
    long dropped;
    long changed;
    long awaiting;

    sealed class Reason
    {
        public long Rows { get; set; }

        public long Causes { get; set; }

        public List<PreviewedRow> Examples { get; } = [];
    }

    public void Add(Judgement judgement)
    {
        rows++;
        var isDropped = false;
        foreach (var judged in judgement.Verdicts)
        {
            if (judged.Verdict is not { Action: not FilterAction.Keep, Reason: { } why } verdict)
            {
                continue;
            }

            var key = (judged.Order, judged.Filter, verdict.Action, why.Code);
            if (!reasons.TryGetValue(key, out var reason))
            {
                reasons[key] = reason = new Reason();
            }

            reason.Rows++;
            reason.Causes += verdict.Action == FilterAction.Drop && !isDropped ? 1 : 0;
            isDropped |= verdict.Action == FilterAction.Drop;
            if (reason.Examples.Count < examples)
            {
                reason.Examples.Add(new PreviewedRow(judgement.Row.Id, why.Detail, OneLine(judgement.Row.Text)));
            }
        }

        dropped += isDropped ? 1 : 0;
        awaiting += judgement.AwaitsReview ? 1 : 0;
        changed += !isDropped && !judgement.AwaitsReview && !ReferenceEquals(judgement.Row, judgement.Result) ? 1 : 0;
    }

    public FilterPreview Preview => new(rows, dropped, changed,
    [
        .. reasons.OrderBy(reason => reason.Key.Order).ThenByDescending(reason => reason.Value.Rows).ThenBy(reason => reason.Key.Code, StringComparer.Ordinal)
            .Select(reason => new PreviewedReason(reason.Key.Filter, reason.Key.Action, reason.Key.Code, reason.Value.Rows, reason.Value.Causes, reason.Value.Examples)),
    ])
    {
        Awaiting = awaiting,
    };

    static string OneLine(string text)
    {
        var start = text.Length <= MostCharacters ? text : text[..(char.IsHighSurrogate(text[MostCharacters - 1]) ? MostCharacters - 1 : MostCharacters)] + "...";
        return TerminalText.OnOneLine(start);
    }
}
