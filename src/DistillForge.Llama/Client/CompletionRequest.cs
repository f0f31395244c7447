using System.Text;
using DistillForge.Core;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>A prompt on its way to the worker, and the answer back.</summary>
static class CompletionRequest
{
    /// <summary>No token but those that llama.cpp knows ends an answer.</summary>
    public const int NoEnd = -1;

    /// <summary>No token ends an answer, only its length.</summary>
    public const int AtLength = -2;

    /// <param name="end">What the chat template writes after an answer; it ends one even where llama.cpp does not know it for an end.</param>
    /// <param name="grammar">GBNF that the answer must follow; null for none.</param>
    /// <param name="live">The answer is sent while it grows, see <see cref="AnswerPieces"/>.</param>
    public static void Write(FrameWriter to, int[] prompt, Sampling sampling, long seed, int end, string? grammar, bool live, TracePlan? plan)
    {
        to.WriteArray(prompt);
        to.Write(seed);
        to.Write(end);
        SamplingFrame.Write(to, sampling, grammar);
        to.Write(live);
        to.Write(plan is not null);
        plan?.Write(to);
    }

    public static Completion Read(Frame frame, IReadOnlyList<byte[]> parts, LlamaModel model, int[] prompt, TracePlan? plan)
    {
        var reader = Answers.Reader(frame, FrameKind.Completed);
        var reason = reader.ReadString();
        var (count, trainable) = (reader.ReadInt(), reader.ReadInt());
        var elapsed = TimeSpan.FromSeconds(reader.ReadDouble());
        var cached = reader.ReadInt();
        var text = Encoding.UTF8.GetString(reader.ReadBytes());
        return new Completion(text, reason, prompt.Length, count, elapsed, plan is null ? null : Trace(parts, reader.Rest, model, prompt, plan, trainable), cached);
    }

    static TokenTrace Trace(IReadOnlyList<byte[]> parts, ReadOnlySpan<byte> last, LlamaModel model, int[] prompt, TracePlan plan, int trainable)
    {
        var trace = new TraceReader(plan, model.VocabularySize);
        foreach (var part in parts)
        {
            trace.Add(part);
        }

        trace.Add(last);
        return trace.Build(model.Sha256, model.Vocabulary, prompt, trainable);
    }
}

/// <summary>Tokens on their way to be scored, and the trace back.</summary>
static class ScoreRequest
{
    public static void Write(FrameWriter to, int[] tokens, int promptLength, TracePlan plan)
    {
        to.WriteArray(tokens);
        to.Write(promptLength);
        to.Write(SeedOf(tokens));
        plan.Write(to);
    }

    public static TokenTrace Read(Frame frame, IReadOnlyList<byte[]> parts, LlamaModel model, ReadOnlySpan<int> prompt, TracePlan plan)
    {
        var reader = Answers.Reader(frame, FrameKind.Scored);
        var trace = new TraceReader(plan, model.VocabularySize);
        foreach (var part in parts)
        {
            trace.Add(part);
        }

        trace.Add(reader.Rest);
        return trace.Build(model.Sha256, model.Vocabulary, prompt, trace.Tokens.Count);
    }

    // FNV-1a: the same tokens get the same tail samples, whoever asks.
    static long SeedOf(int[] tokens)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var token in tokens)
        {
            hash = (hash ^ (uint)token) * 1_099_511_628_211UL;
        }

        return (long)hash;
    }
}
