using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama.Client;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>One request that the batcher works on: a prompt to be continued, or tokens to be scored.</summary>
sealed class RunningSequence
{
    readonly int[] tokens;
    long started;
    bool cancelled;

    RunningSequence(long request, int[] tokens, int count, int promptLength)
        => (Request, this.tokens, Count, PromptLength) = (request, tokens, count, promptLength);

    public long Request { get; }

    public int PromptLength { get; }

    /// <summary>Tokens known so far.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens given to the engine so far.</summary>
    public int Submitted { get; set; }

    /// <summary>Null for a score.</summary>
    public Sampling? Sampling { get; private init; }

    public TracePlan? Plan { get; private init; }

    public ulong Seed { get; private init; }

    /// <summary>Follows the grammar, where there is one.</summary>
    public GrammarWatch? Grammar { get; private init; }

    /// <summary>Nobody waits for the answer any more.</summary>
    public bool IsCancelled
    {
        get => Volatile.Read(ref cancelled);
        set => Volatile.Write(ref cancelled, value);
    }

    /// <summary>llama.cpp's number of the sequence; −1 while it has none.</summary>
    public int Slot { get; private set; } = -1;

    /// <summary>Tokens that were in the cache already and were not read again.</summary>
    public int Reused { get; private set; }

    /// <summary>What it shares with the cache was looked for.</summary>
    public bool IsPrepared { get; private set; }

    /// <summary>Trace positions that wait to be sent.</summary>
    public FrameWriter Positions { get; } = new();

    /// <summary>What is sent while the answer grows; null where it is sent as a whole.</summary>
    public LiveAnswer? Live { get; private init; }

    /// <summary>The answer as it comes.</summary>
    public CompletionText Text { get; private init; } = CompletionText.None;

    /// <summary>Ends an answer beside llama.cpp's own end tokens.</summary>
    int End { get; init; }

    /// <summary>The last token of a score predicts nothing that is asked for, so it is never decoded.</summary>
    int ReadTo => Sampling is null ? Count - 1 : Count;

    /// <summary>Tokens that wait to be given to the engine.</summary>
    public int Unread => ReadTo - Submitted;

    /// <summary>More than the next token is waiting: a prompt or a score.</summary>
    public bool IsReading => !IsPrepared || Unread > (Sampling is null ? 0 : 1);

    public bool IsFull => Count == tokens.Length;

    public int this[int position] => tokens[position];

    public ReadOnlySpan<int> Known => tokens.AsSpan(0, Count);

    /// <summary>Tokens that are in the cache.</summary>
    public ReadOnlySpan<int> Read => tokens.AsSpan(0, Submitted);

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>Whether the token at a position predicts something that is asked for.</summary>
    public bool NeedsOutput(int position) => Sampling is null ? position >= PromptLength - 1 : position == Count - 1;

    public bool IsEnd(int token, LoadedModel model)
        => End != CompletionRequest.AtLength && (model.IsEnd(token) || token == End || Sampling?.StopTokens?.Contains(token) == true);

    public void Start(int slot) => (Slot, started) = (slot, Stopwatch.GetTimestamp());

    public void Leave()
    {
        Slot = -1;
        Grammar?.Dispose();
    }

    /// <summary>How much of its beginning other tokens share; the token that gives the first logits is never among it.</summary>
    public int CommonWith(ReadOnlySpan<int> others) => tokens.AsSpan(0, PromptLength - 1).CommonPrefixLength(others);

    /// <summary>Its first tokens are in the cache already.</summary>
    public void Reuse(int common) => (Submitted, Reused, IsPrepared) = (common, common, true);

    public void Append(int token) => tokens[Count++] = token;

    /// <exception cref="InvalidDataException">llama.cpp cannot read the grammar.</exception>
    public static RunningSequence ReadCompletion(Frame frame, LoadedModel model)
    {
        var reader = new FrameReader(frame.Body);
        var prompt = reader.ReadInts();
        var seed = (ulong)reader.ReadLong();
        var end = reader.ReadInt();
        var sampling = SamplingFrame.Read(ref reader, out var stops);
        var live = reader.ReadBool();
        var plan = reader.ReadBool() ? TracePlan.Read(ref reader) : null;
        var tokens = new int[(int)Math.Min(model.ContextLength, prompt.Length + (long)Math.Max(1, sampling.MaxTokens))];
        prompt.CopyTo(tokens, 0);
        return new RunningSequence(frame.Request, tokens, prompt.Length, prompt.Length)
        {
            Sampling = sampling,
            Plan = plan,
            Seed = seed,
            End = end,
            Text = new CompletionText(stops),
            Live = live ? new LiveAnswer() : null,
            Grammar = sampling.Grammar is { } grammar ? model.Grammars.Watch(grammar) : null,
        };
    }

    public static RunningSequence ReadScore(Frame frame)
    {
        var reader = new FrameReader(frame.Body);
        var tokens = reader.ReadInts();
        var promptLength = reader.ReadInt();
        var seed = (ulong)reader.ReadLong();
        return new RunningSequence(frame.Request, tokens, tokens.Length, promptLength) { Plan = TracePlan.Read(ref reader), Seed = seed };
    }
}
