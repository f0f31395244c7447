using System.Text;
using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Teachers;

/// <summary>
/// Makes a trace of the log-probabilities that a server gave. The tail is what the head leaves of 1, without draws, so the trace is always
/// <see cref="TokenTrace.Capped"/>; entropies count the tail as one outcome and ranks only the candidates given, both lower bounds.
/// </summary>
sealed class TraceMapping(Dialogue dialogue, Want.Head want, string scorer)
{
    readonly TokenIds ids = new(dialogue.Vocabulary);

    public Dialogue Dialogue => dialogue;

    /// <returns>The trace; or none and why there is none.</returns>
    public (TokenTrace? Trace, string? Fault) Map(string id, int[] promptIds, ChatChoice choice)
    {
        if (choice.LogProbs is not { Count: > 0 } positions)
        {
            return (null, choice.LogProbFault ?? "the server gave no log-probabilities");
        }

        var (tokens, fault) = Align(positions, choice.Text ?? "");
        if (fault is not null)
        {
            return (null, fault);
        }

        var heads = positions.Take(tokens.Count).Select(Head).ToList();
        if (choice.FinishReason == "stop" && tokens[^1] != dialogue.End)
        {
            // It was drawn, and not told how likely it was: one draw is an unbiased target, and the student must learn to end.
            tokens.Add(dialogue.End);
            heads.Add(new Position(0, 0, [(dialogue.End, 0)]));
        }

        return (Build(id, promptIds, [.. tokens], heads), null);
    }

    // The tokens must spell the text: otherwise they are tokens of something else, e.g. of thoughts that the server cut off.
    (List<int> Tokens, string? Fault) Align(IReadOnlyList<TokenLogProb> positions, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var (tokens, at) = (new List<int>(positions.Count + 1), 0);
        foreach (var position in positions)
        {
            var id = ids.Find(position.Token);
            var spelled = id < 0 ? [] : position.Token.Bytes ?? ids.Vocabulary.BytesOf(id);
            if (id >= 0 && spelled.Length > 0 && bytes.AsSpan(at).StartsWith(spelled))
            {
                tokens.Add(id);
                at += spelled.Length;
                continue;
            }

            if (at == bytes.Length)
            {
                // What follows the text is the end of the turn, or a stop string that the server cut off.
                if (ids.FindControl(position.Token) == dialogue.End)
                {
                    tokens.Add(dialogue.End);
                }

                break;
            }

            return (tokens, id < 0 ? $"the vocabulary has no token for what the server calls '{position.Token.Text}'" : "the tokens do not spell the answer");
        }

        return (tokens, at < bytes.Length ? "the tokens end before the answer does" : tokens.Count == 0 ? "no token is part of the answer" : null);
    }

    /// <param name="Head">Sorted by id.</param>
    readonly record struct Position(float LogProb, int Rank, IReadOnlyList<(int Id, float LogProb)> Head);

    Position Head(TokenLogProb position)
    {
        var head = new Dictionary<int, float>();
        var mass = 0.0;
        foreach (var candidate in position.Top.OrderByDescending(candidate => candidate.LogProb).Take(Math.Max(1, want.TopLogprobs)))
        {
            if (mass >= want.Mass)
            {
                break;
            }

            mass += Math.Exp(candidate.LogProb);
            var id = ids.Find(candidate) is var text and >= 0 ? text : ids.FindControl(candidate);
            // Without an id it belongs to the tail, with its mass.
            if (id >= 0 && candidate.LogProb > -100)
            {
                head.TryAdd(id, candidate.LogProb);
            }
        }

        return new Position(position.Token.LogProb, position.Top.Count(candidate => candidate.LogProb > position.Token.LogProb), [.. head.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value))]);
    }

    TokenTrace Build(string id, int[] promptIds, int[] tokens, List<Position> positions)
    {
        var tails = positions.Select(position => 1 - position.Head.Sum(entry => Math.Exp(entry.LogProb))).ToList();
        return new TokenTrace
        {
            Id = id,
            Scorer = scorer,
            Vocabulary = dialogue.Vocabulary.Fingerprint,
            TokenIds = [.. promptIds, .. tokens],
            PromptLength = promptIds.Length,
            LossMask = [.. tokens.Select(_ => true)],
            TokenLogprobs = [.. positions.Select(position => position.LogProb)],
            TokenRanks = [.. positions.Select(position => position.Rank)],
            Entropies = [.. positions.Zip(tails, (position, tail) => (float)(position.Head.Sum(entry => -Math.Exp(entry.LogProb) * entry.LogProb) - (tail > 0 ? tail * Math.Log(tail) : 0)))],
            HeadSizes = [.. positions.Select(position => position.Head.Count)],
            HeadIds = [.. positions.SelectMany(position => position.Head.Select(entry => entry.Id))],
            HeadLogprobs = [.. positions.SelectMany(position => position.Head.Select(entry => entry.LogProb))],
            // Rounding of the server's numbers: below this the tail is not known to be there.
            TailLogSums = [new TailLogSums(1, [.. tails.Select(tail => tail > 1e-6 ? (float)Math.Log(tail) : float.NegativeInfinity)])],
            Capped = true,
        };
    }
}
