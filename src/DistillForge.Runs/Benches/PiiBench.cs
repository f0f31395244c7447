using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Filters;

namespace DistillForge.Runs.Benches;

/// <summary>What the filter <c>pii</c> and the transform <c>redact</c> find of 1,000 planted rows, and what they take 1,000 harmless rows for. <c>--tokens</c> is the seed.</summary>
[Component("pii")]
sealed class PiiBench : IBench
{
    const int Rows = 1000;

    public string Purpose => "personal data: recall and precision on 1,000 planted and 1,000 harmless rows (--tokens N draws other rows)";

    public Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var texts = new PlantedTexts(request.Tokens > 0 ? request.Tokens : 1);
        var personal = Enumerable.Range(0, Rows).Select(_ => texts.Personal()).ToList();
        var harmless = Enumerable.Range(0, Rows).Select(_ => texts.Harmless()).ToList();
        var judged = personal.Select(text => (text, Right: IsRight(text))).ToList();
        var right = judged.Count(row => row.Right);
        // Data of another kind than was planted is a wrong alarm as well.
        var wrong = personal.Where(text => CodeOf(text) is { } code && code != Pii.CodeOf(text.Value!.Kind)).Concat(harmless.Where(text => CodeOf(text) is not null)).ToList();
        foreach (var miss in judged.Where(row => !row.Right).Take(40))
        {
            log.Say($"missed {miss.text.Value!.Format} ({CodeOf(miss.text) ?? "nothing found"}): {miss.text.Text.ReplaceLineEndings(" ⏎ ")}");
        }

        foreach (var text in wrong.Take(40))
        {
            log.Say($"wrong {CodeOf(text)}: {text.Text.ReplaceLineEndings(" ⏎ ")}");
        }

        var (recall, precision) = ((double)right / Rows, (double)right / Math.Max(1, right + wrong.Count));
        return Task.FromResult(new Measurement("pii", recall, "share found", Better.Higher, "asked for: 0.95", recall / 0.95)
        {
            Details =
            [
                new("precision", precision, "share right", Better.Higher, "asked for: 0.98", precision / 0.98),
                new("speed", Speed([.. personal, .. harmless]), "MB/s/core", Better.Higher),
                .. judged.GroupBy(row => row.text.Value!.Kind).OrderBy(group => group.Key).Select(group => new Measurement($"recall_{group.Key.ToString().ToLowerInvariant()}", group.Average(row => row.Right ? 1.0 : 0), "share found", Better.Higher)
                {
                    Details = [.. group.GroupBy(row => row.text.Value!.Format).OrderBy(format => format.Key, StringComparer.Ordinal).Select(format => new Measurement(format.Key, format.Average(row => row.Right ? 1.0 : 0), $"share of {format.Count()}", Better.Higher))],
                }),
            ],
        });
    }

    static readonly Pii Filter = new(new Pii.Options());
    static readonly Redact Redaction = new(new Redact.Options());

    static string? CodeOf(PlantedText text) => Filter.Judge(BenchText.Row(0, "", text.Text)).Reason?.Code;

    // The kind is right, and redaction leaves nothing of the value: what it left would be a leak.
    static bool IsRight(PlantedText text)
    {
        if (CodeOf(text) != Pii.CodeOf(text.Value!.Kind))
        {
            return false;
        }

        var at = text.Text.IndexOf(text.Value.Value, StringComparison.Ordinal);
        var (before, after) = (text.Text[..at], text.Text[(at + text.Value.Value.Length)..]);
        var redacted = Redaction.Apply(BenchText.Row(0, "", text.Text)).Text;
        return redacted.StartsWith(before, StringComparison.Ordinal) && redacted.EndsWith(after, StringComparison.Ordinal)
            && redacted[before.Length..^after.Length] is ['[', .., ']'];
    }

    static double Speed(PlantedText[] texts)
    {
        var rows = texts.Select(text => BenchText.Row(0, "", text.Text)).ToArray();
        var characters = rows.Sum(row => (long)row.Text.Length);
        var seconds = new List<double>();
        for (var round = 0; round < 20; round++)
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var row in rows)
            {
                Filter.Judge(row);
            }

            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return characters / 1e6 / Rounds.Median(seconds);
    }
}
