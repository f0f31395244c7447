using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Training.Inference;

/// <summary>A sequence that the model reads, once or token by token.</summary>
abstract class Job
{
    public required CancellationToken Cancellation { get; init; }

    /// <summary>What to read now.</summary>
    public required List<int> Tokens { get; init; }

    /// <summary>The first position whose logits are wanted; all after it are too.</summary>
    public abstract int From { get; }

    /// <summary>How many positions are wanted.</summary>
    public int Count => Tokens.Count - From;

    /// <param name="positions">Of each wanted position, in order.</param>
    /// <returns>Nothing more is wanted.</returns>
    public abstract bool Take(IReadOnlyList<LogProbabilities> positions);

    public abstract void Fail(Exception exception);
}

/// <summary>Reads once and says what it thinks of the completion.</summary>
sealed class ScoreJob(TokenSequence sequence, Want want, string scorer) : Job
{
    readonly TaskCompletionSource<TokenTrace> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TraceRecorder recorder = new(want, Chance.Of(sequence.TokenIds));

    public Task<TokenTrace> Result => result.Task;

    // The last token is only ever a target, and is not read.
    public override int From => sequence.PromptLength - 1;

    public override bool Take(IReadOnlyList<LogProbabilities> positions)
    {
        for (var i = 0; i < positions.Count; i++)
        {
            recorder.Add(positions[i], sequence.TokenIds[sequence.PromptLength + i]);
        }

        return result.TrySetResult(recorder.Build("", scorer, sequence));
    }

    public override void Fail(Exception exception) => result.TrySetException(exception);
}

/// <summary>Reads again for each new token: no cache, since students are small and answers short.</summary>
sealed class CompleteJob(Prompt prompt, Sampling sampling, Dialogue dialogue, ITokenizer tokenizer, int context, string scorer) : Job
{
    readonly TaskCompletionSource<Completion> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Sampler sampler = new(sampling, Seeds.Source(prompt.Seed, "sample"));
    readonly TraceRecorder? recorder = sampling.Capture is { } capture ? new(capture, Seeds.Source(prompt.Seed, "tail")) : null;
    readonly List<int> completion = [];
    readonly long started = Stopwatch.GetTimestamp();

    public Task<Completion> Result => result.Task;

    public override int From => Tokens.Count - 1;

    public override bool Take(IReadOnlyList<LogProbabilities> positions)
    {
        var token = sampler.Next(positions[0]);
        recorder?.Add(positions[0], token);
        completion.Add(token);
        Tokens.Add(token);
        var text = new Lazy<string>(() => tokenizer.Decode(completion));
        var stop = sampling.Stop?.Select(s => text.Value.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min() ?? -1;
        var ended = token == dialogue.End || token == dialogue.Vocabulary.Eot || stop >= 0;
        if (!ended && completion.Count < sampling.MaxTokens && Tokens.Count < context)
        {
            return false;
        }

        var promptLength = Tokens.Count - completion.Count;
        var trace = recorder?.Build(prompt.Id, scorer, new TokenSequence(dialogue.Vocabulary.Fingerprint, Tokens, promptLength));
        return result.TrySetResult(new Completion(stop >= 0 ? text.Value[..stop] : text.Value, ended ? "stop" : "length", promptLength, completion.Count, Stopwatch.GetElapsedTime(started), trace));
    }

    public override void Fail(Exception exception) => result.TrySetException(exception);
}

static class Chance
{
    /// <summary>Decided by the tokens: scoring again gives the same draws.</summary>
    public static Random Of(IReadOnlyList<int> tokens) => Seeds.Source(0, "score", string.Join(' ', tokens));
}
