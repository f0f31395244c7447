using System.Text.Json.Serialization;

namespace DistillForge.Evaluation;

/// <summary>How often a judge prefers a model's answers to its teacher's, asked in both orders; a tie counts half.</summary>
/// <param name="Value">0.5: as good as the teacher. Null where nothing was judged.</param>
/// <param name="Range">95 % bootstrap over questions; null where nothing was judged.</param>
/// <param name="Ties">The judge saw no difference, or changed its mind with the order.</param>
/// <param name="Unjudged">Questions on which it gave no judgement; they count nowhere.</param>
public sealed record WinRate(string Judge, double? Value, Range95? Range, int Wins, int Ties, int Losses, int Unjudged)
{
    /// <param name="outcomes">1: the model's answer is better, 0: the teacher's, 0.5: a tie, null: no judgement.</param>
    public static WinRate Of(string judge, IReadOnlyList<double?> outcomes, long seed)
    {
        var judged = outcomes.OfType<double>().ToArray();
        var interval = judged.Length == 0 ? null : PairedBootstrap.Difference(judged, new double[judged.Length], seed);
        return new(judge, interval?.Value, interval is null ? null : Range95.Of(interval), judged.Count(outcome => outcome == 1), judged.Count(outcome => outcome == 0.5), judged.Count(outcome => outcome == 0), outcomes.Count - judged.Length);
    }

    [JsonIgnore]
    public int Judged => Wins + Ties + Losses;
}
