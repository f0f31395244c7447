using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Audits;

/// <summary>Asks a scorer for the whole distribution of chosen positions, and says how far from it the traces are.</summary>
sealed class CodingAudit(ILanguageModel model, string scorer)
{
    /// <summary>At most so many positions a run: 2 bytes an id each.</summary>
    public const int MostPositions = 512;

    const int InFlight = 8;

    // Positions of one answer that lie near each other are read in one pass: so many of them at most, and so far apart.
    const int MostTogether = 16;
    const int MostBetween = 3;

    /// <param name="report">Gets every position as it comes.</param>
    public async IAsyncEnumerable<AuditPosition> CaptureAsync(IReadOnlyList<AuditChoice> choices, AuditReport report, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var running = new Queue<(ArraySegment<AuditChoice> Choices, Task<TokenTrace> Answer)>();
        var left = new Queue<ArraySegment<AuditChoice>>(Together([.. choices]));
        while (left.Count > 0 || running.Count > 0)
        {
            while (left.Count > 0 && running.Count < InFlight)
            {
                var next = left.Dequeue();
                running.Enqueue((next, ScoreAsync(next, cancellationToken)));
            }

            var (asked, answer) = running.Dequeue();
            var full = (await answer).HeadLogprobs;
            var size = full.Length / (asked[^1].Position - asked[0].Position + 1);
            foreach (var choice in asked)
            {
                var trace = choice.Trace;
                var logprobs = Array.ConvertAll(full.AsSpan((choice.Position - asked[0].Position) * size, size).ToArray(), logprob => (Half)logprob);
                var position = new AuditPosition(trace.Id, scorer, trace.Vocabulary, choice.Position, trace.TokenIds[trace.PromptLength + choice.Position], logprobs);
                report.Add(choice, position);
                yield return position;
            }
        }
    }

    // Choices come in the order of rows and positions.
    static IEnumerable<ArraySegment<AuditChoice>> Together(AuditChoice[] choices)
    {
        var start = 0;
        for (var i = 1; i <= choices.Length; i++)
        {
            if (i == choices.Length || choices[i].Trace.Id != choices[start].Trace.Id || choices[i].Position - choices[i - 1].Position > MostBetween || choices[i].Position - choices[start].Position >= MostTogether)
            {
                yield return new ArraySegment<AuditChoice>(choices, start, i - start);
                start = i;
            }
        }
    }

    // All before the first position is prompt, so that the rows of the vocabulary for the tokens before it do not come back.
    Task<TokenTrace> ScoreAsync(ArraySegment<AuditChoice> asked, CancellationToken cancellationToken)
    {
        var trace = asked[0].Trace;
        var (first, last) = (trace.PromptLength + asked[0].Position, trace.PromptLength + asked[^1].Position);
        return model.ScoreAsync(new TokenSequence(trace.Vocabulary, trace.TokenIds[..(last + 1)], first), new Want.Full(), cancellationToken);
    }
}
