using System.Collections.Concurrent;
using DistillForge.Serving;
using DistillForge.Text;

namespace DistillForge.EndToEnd.Tests.Serving;

/// <summary>The model itself; notes how each answer that it was asked for ends.</summary>
sealed class WatchedModel(IServedModel model) : IServedModel
{
    public ConcurrentQueue<Task> Asked { get; } = new();

    public string Name => model.Name;

    public string Sha256 => model.Sha256;

    public Vocabulary Tokens => model.Tokens;

    public int Context => model.Context;

    public int[] Prompt(IReadOnlyList<Message> messages) => model.Prompt(messages);

    public Task<int[]> EncodeAsync(string text, CancellationToken cancellationToken) => model.EncodeAsync(text, cancellationToken);

    public Task<Completion> CompleteAsync(IReadOnlyList<int> prompt, Sampling sampling, long seed, CancellationToken cancellationToken)
    {
        var answer = model.CompleteAsync(prompt, sampling, seed, cancellationToken);
        Asked.Enqueue(answer);
        return answer;
    }

    public Task<Completion> StreamAsync(IReadOnlyList<int> prompt, Sampling sampling, long seed, Action<CompletionPart> onPart, CancellationToken cancellationToken)
    {
        var answer = model.StreamAsync(prompt, sampling, seed, onPart, cancellationToken);
        Asked.Enqueue(answer);
        return answer;
    }

    public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken) => model.ScoreAsync(tokens, want, cancellationToken);
}
