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

    /// <summary>Nobody waits for the answer any more.</summary>
    public bool IsCancelled
    {
        get => Volatile.Read(ref cancelled);
        set => Volatile.Write(ref cancelled, value);
    }

    /// <summary>llama.cpp's number of the sequence.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Trace positions that wait to be sent.</summary>
    public FrameWriter Positions { get; } = new();

    /// <summary>Ends the answer beside the tokens that llama.cpp knows for ends; −1 for none.</summary>
    public int End { get; private init; } = -1;

    public CompletionText Text { get; private init; } = CompletionText.None;

    /// <summary>No position of the KV cache beyond these is ever used.</summary>
    public int Cells => tokens.Length;

    /// <summary>How many tokens the engine must read before there is nothing more to do now; the last token of a score predicts nothing that is asked for.</summary>
    public int ReadTo => Sampling is null ? Count - 1 : Count;

    /// <summary>More than the next token is waiting: a prompt or a score.</summary>
    public bool IsReading => ReadTo - Submitted > (Sampling is null ? 0 : 1);

    public bool IsFull => Count == tokens.Length;

    public int this[int position] => tokens[position];

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>Whether the token at a position predicts something that is asked for.</summary>
    public bool NeedsOutput(int position) => Sampling is null ? position >= PromptLength - 1 : position == Count - 1;

    public bool IsEnd(int token, LoadedModel model) => End != CompletionRequest.AtLength && (model.IsEnd(token) || token == End);

    public void Start(int slot) => (Slot, started) = (slot, Stopwatch.GetTimestamp());

    public void Append(int token) => tokens[Count++] = token;

    public static RunningSequence ReadCompletion(Frame frame, int context)
    {
        var reader = new FrameReader(frame.Body);
        var prompt = reader.ReadInts();
        var seed = (ulong)reader.ReadLong();
        var end = reader.ReadInt();
        var sampling = new Sampling(reader.ReadFloat(), reader.ReadInt(), reader.ReadFloat(), reader.ReadFloat(), reader.ReadInt());
        var stops = new byte[reader.ReadInt()][];
        for (var i = 0; i < stops.Length; i++)
        {
            stops[i] = reader.ReadBytes();
        }

        var plan = reader.ReadBool() ? TracePlan.Read(ref reader) : null;
        var tokens = new int[(int)Math.Min(context, prompt.Length + (long)Math.Max(1, sampling.MaxTokens))];
        prompt.CopyTo(tokens, 0);
        return new RunningSequence(frame.Request, tokens, prompt.Length, prompt.Length) { Sampling = sampling, Plan = plan, Seed = seed, End = end, Text = new CompletionText(stops) };
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
