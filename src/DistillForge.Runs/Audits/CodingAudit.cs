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

    /// <param name="report">Gets every position as it comes.</param>
    public async IAsyncEnumerable<AuditPosition> CaptureAsync(IReadOnlyList<AuditChoice> choices, AuditReport report, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var running = new Queue<(AuditChoice Choice, Task<TokenTrace> Answer)>();
        var next = 0;
        while (next < choices.Count || running.Count > 0)
        {
            while (next < choices.Count && running.Count < InFlight)
            {
                running.Enqueue((choices[next], ScoreAsync(choices[next], cancellationToken)));
                next++;
            }

            var (choice, answer) = running.Dequeue();
            var full = (await answer).HeadLogprobs;
            var trace = choice.Trace;
            var position = new AuditPosition(trace.Id, scorer, trace.Vocabulary, choice.Position, trace.TokenIds[trace.PromptLength + choice.Position], Array.ConvertAll(full, logprob => (Half)logprob));
            report.Add(choice, position);
            yield return position;
        }
    }

    // All before the position is prompt, so that one row of the vocabulary comes back and not one for every token before it.
    Task<TokenTrace> ScoreAsync(AuditChoice choice, CancellationToken cancellationToken)
    {
        var end = choice.Trace.PromptLength + choice.Position;
        return model.ScoreAsync(new TokenSequence(choice.Trace.Vocabulary, choice.Trace.TokenIds[..(end + 1)], end), new Want.Full(), cancellationToken);
    }
}
