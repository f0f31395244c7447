using System.Collections.Concurrent;
using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Training.Inference;

/// <summary>A checkpoint folder as a language model, computed in float32: what exports are checked against.</summary>
public sealed class CheckpointModel : ILanguageModel, IDisposable
{
    // Padded tokens of one pass; more gains nothing on a CPU.
    const int TokensPerPass = 4096;

    readonly BlockingCollection<Job> incoming = [];
    readonly Thread thread;
    readonly ModelShape shape;
    readonly Network network;
    readonly Vocabulary vocabulary;
    readonly Lazy<(Dialogue Dialogue, ITokenizer Tokenizer)> text;
    readonly string name;
    readonly int threads;

    /// <param name="tokenizer">For a vocabulary that <see cref="BpeTokenizer"/> does not know; null for that.</param>
    /// <param name="threads">0 leaves it to libtorch.</param>
    public CheckpointModel(ModelShape shape, Network network, Vocabulary vocabulary, string name, ITokenizer? tokenizer = null, int threads = 0)
    {
        (this.shape, this.network, this.vocabulary, this.name, this.threads) = (shape, network, vocabulary, name, threads);
        network.Precision = Precision.Float32;
        text = new(() => (tokenizer ?? new BpeTokenizer(vocabulary)) is var known ? (new Dialogue(vocabulary, known), known) : default);
        thread = new Thread(Work) { IsBackground = true, Name = "checkpoint model" };
        thread.Start();
    }

    /// <param name="folder">With <c>model.safetensors</c>, <c>config.json</c> and <c>vocabulary.gguf</c>.</param>
    /// <exception cref="ForgeException">A file is missing or unfit.</exception>
    public static CheckpointModel Open(string folder, ITokenizer? tokenizer = null, int threads = 0)
    {
        var shape = HuggingFaceConfig.Read(Path.Combine(folder, "config.json"));
        var vocabulary = Text.Vocabulary.Read(Path.Combine(folder, "vocabulary.gguf"));
        var network = TrainingCatalog.Architectures.Create(shape.Architecture, options: null).Build(shape, seed: 0, CPU);
        Checkpoint.ReadWeights(folder, network);
        return new CheckpointModel(shape, network, vocabulary, Sha256.OfFile(Path.Combine(folder, "model.safetensors")), tokenizer, threads);
    }

    public string Vocabulary => vocabulary.Fingerprint;

    public long Parameters => network.Parameters;

    public Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken)
    {
        var tokens = text.Value.Dialogue.Prompt(prompt.Messages);
        if (tokens.Length >= shape.Context)
        {
            throw new CompletionFailedException("prompt-too-long", $"{tokens.Length} tokens, the context holds {shape.Context}");
        }

        var job = new CompleteJob(prompt, sampling, text.Value.Dialogue, text.Value.Tokenizer, shape.Context, name) { Tokens = [.. tokens], Cancellation = cancellationToken };
        incoming.Add(job, cancellationToken);
        return job.Result;
    }

    public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken)
    {
        if (Unfit(tokens) is { } reason)
        {
            throw reason;
        }

        var job = new ScoreJob(tokens, want, name) { Tokens = [.. tokens.TokenIds.SkipLast(1)], Cancellation = cancellationToken };
        incoming.Add(job, cancellationToken);
        return job.Result;
    }

    public void Dispose()
    {
        incoming.CompleteAdding();
        thread.Join();
        incoming.Dispose();
        network.Dispose();
    }

    CompletionFailedException? Unfit(TokenSequence tokens)
        => tokens.Vocabulary != Vocabulary ? new("other-vocabulary", $"the tokens belong to vocabulary {tokens.Vocabulary}, the model has {Vocabulary}")
            : tokens.TokenIds.Count - 1 > shape.Context ? new("too-long", $"{tokens.TokenIds.Count} tokens, the context holds {shape.Context}")
            : tokens.PromptLength < 1 || tokens.PromptLength >= tokens.TokenIds.Count ? new("no-completion", $"{tokens.PromptLength} of {tokens.TokenIds.Count} tokens are the prompt")
            : tokens.TokenIds.Any(id => id < 0 || id >= vocabulary.RealSize) ? new("unknown-token", $"an id lies outside the vocabulary of {vocabulary.RealSize}")
            : null;

    void Work()
    {
        if (threads > 0)
        {
            set_num_threads(threads);
        }

        var active = new List<Job>();
        while (!incoming.IsAddingCompleted)
        {
            while (incoming.TryTake(out var job, active.Count == 0 ? Timeout.Infinite : 0))
            {
                active.Add(job);
            }

            // Those that waited longest go first; those that go on queue behind.
            var pass = Pass(active);
            active.RemoveRange(0, pass.Count);
            active.AddRange(Read(pass));
        }

        foreach (var job in active.Concat(incoming.GetConsumingEnumerable()))
        {
            job.Fail(new ObjectDisposedException(nameof(CheckpointModel)));
        }
    }

    static List<Job> Pass(List<Job> active)
    {
        var pass = new List<Job>();
        var longest = 0;
        foreach (var job in active)
        {
            longest = Math.Max(longest, job.Tokens.Count);
            if (pass.Count > 0 && longest * (pass.Count + 1) > TokensPerPass)
            {
                break;
            }

            pass.Add(job);
        }

        return pass;
    }

    // The jobs that want more.
    List<Job> Read(List<Job> jobs)
    {
        var live = jobs.FindAll(job => !job.Cancellation.IsCancellationRequested);
        foreach (var job in jobs.Except(live))
        {
            job.Fail(new OperationCanceledException(job.Cancellation));
        }

        if (live.Count == 0)
        {
            return live;
        }

        try
        {
            var positions = Forward.Read(network, vocabulary.RealSize, [.. live.Select(job => (job.Tokens, job.From))]);
            return [.. live.Where((job, i) => !job.Take(positions[i]))];
        }
        catch (Exception e)
        {
            // Whoever waits must hear of it; the thread lives on for the others.
            live.ForEach(job => job.Fail(e));
            return [];
        }
    }
}
