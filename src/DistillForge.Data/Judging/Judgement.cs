using System.Globalization;
using System.Text.Json.Serialization;
using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Data;

/// <summary>What a judge said.</summary>
/// <param name="Key">See <see cref="JudgeQuestion.Key"/>.</param>
/// <param name="Id">The row, or the question of a benchmark, that it was about; the first of several with the same text.</param>
/// <param name="Choice">What it chose; null where it gave no judgement.</param>
/// <param name="Probabilities">Of the choices, adding up to 1, from its log-probabilities; null where it shows none.</param>
/// <param name="Reason">Why, in the judge's words; or why there is no judgement.</param>
public sealed record Judgement(string Key, string Id, string? Choice, IReadOnlyDictionary<string, double>? Probabilities, string? Reason)
{
    /// <summary>Of a score: Σ p(score) · score where the judge shows probabilities, which tells more rows apart than five numbers do (Liu et al., 2023, arXiv:2303.16634); else the score.</summary>
    [JsonIgnore]
    public double Score => Probabilities is { } probabilities
        ? probabilities.Sum(choice => choice.Value * Number(choice.Key))
        : Choice is null ? double.NaN : Number(Choice);

    static double Number(string choice) => double.Parse(choice, CultureInfo.InvariantCulture);

    /// <param name="tokenizer">Of the trace; null where there is none.</param>
    internal static Judgement Of(JudgeQuestion question, string id, Example example, ITokenizer? tokenizer)
        => question.Read(example.Text) is not { } read
            ? new(question.Key, id, null, null, $"said {Shortened(example.Text)}")
            : new(question.Key, id, read.Choice, example.Trace is { IsScored: true } trace && tokenizer is not null ? ChoiceOdds.Of(question.Choices, read.Choice, read.Place, trace, tokenizer) : null, read.Reason);

    static string Shortened(string text) => text.Length <= 80 ? $"'{text}'" : $"'{text[..80]}…'";
}

/// <summary>How likely a judge found each choice, read off the head of the position where it chose.</summary>
static class ChoiceOdds
{
    /// <param name="place">Of the choice in the answer's text, in characters.</param>
    /// <returns>Null where the position cannot be found, or the head does not name what was chosen.</returns>
    public static IReadOnlyDictionary<string, double>? Of(IReadOnlyList<string> choices, string chosen, int place, TokenTrace trace, ITokenizer tokenizer)
    {
        var completion = trace.TokenIds.AsSpan(trace.PromptLength).ToArray();
        var (position, before) = Find(completion, place, tokenizer);
        if (position < 0)
        {
            return null;
        }

        // What the token says before the choice begins, e.g. a space: the others must say the same there.
        var lead = tokenizer.Decode([completion[position]]) is var token && place - before <= token.Length ? token[..(place - before)] : "";
        var odds = choices.ToDictionary(choice => choice, _ => 0.0);
        var start = trace.HeadSizes.Take(position).Sum();
        for (var i = start; i < start + trace.HeadSizes[position]; i++)
        {
            var text = tokenizer.Decode([trace.HeadIds[i]]);
            if (text.Length > lead.Length && text.StartsWith(lead, StringComparison.Ordinal) && choices.FirstOrDefault(choice => Begins(choice, text[lead.Length..])) is { } meant)
            {
                odds[meant] += Math.Exp(trace.HeadLogprobs[i]);
            }
        }

        var total = odds.Values.Sum();
        return odds[chosen] > 0 ? odds.ToDictionary(choice => choice.Key, choice => choice.Value / total) : null;
    }

    // "1", "1}", "ti" and "tie\"" are choices that begin; "10" is another number.
    static bool Begins(string choice, string text) => $"{choice}\"}}".StartsWith(text, StringComparison.Ordinal) || $"{choice}}}".StartsWith(text, StringComparison.Ordinal);

    static (int Position, int Before) Find(int[] completion, int place, ITokenizer tokenizer)
    {
        var before = 0;
        for (var i = 0; i < completion.Length; i++)
        {
            var after = tokenizer.Decode(completion[..(i + 1)]).Length;
            if (after > place)
            {
                return (i, before);
            }

            before = after;
        }

        return (-1, 0);
    }
}
