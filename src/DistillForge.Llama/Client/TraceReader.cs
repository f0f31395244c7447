using DistillForge.Core;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>Puts a trace together from the positions that the worker sent, see <see cref="TracePlan"/>.</summary>
sealed class TraceReader(TracePlan plan, int vocabularySize)
{
    readonly List<int> tokens = [];
    readonly List<float> logprobs = [];
    readonly List<int> ranks = [];
    readonly List<float> entropies = [];
    readonly List<int> headSizes = [];
    readonly List<int> headIds = [];
    readonly List<float> headLogprobs = [];
    readonly List<int> headCounts = [];
    readonly List<float>[] logSums = [.. plan.Temperatures.Select(_ => new List<float>())];
    readonly List<int>[] samples = [.. plan.Temperatures.Select(_ => new List<int>())];

    /// <summary>Realised tokens so far.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    public void Add(ReadOnlySpan<byte> positions)
    {
        var reader = new FrameReader(positions);
        while (!reader.AtEnd)
        {
            tokens.Add(reader.ReadInt());
            logprobs.Add(reader.ReadFloat());
            ranks.Add(reader.ReadInt());
            entropies.Add(reader.ReadFloat());
            if (plan.IsFull)
            {
                AddFull(ref reader);
            }
            else
            {
                AddHeadAndTail(ref reader);
            }
        }
    }

    /// <param name="prompt">The tokens before the first completion position.</param>
    /// <param name="trainable">How many completion positions may be trained on.</param>
    public TokenTrace Build(string scorer, string vocabulary, ReadOnlySpan<int> prompt, int trainable) => new()
    {
        Id = "",
        Scorer = scorer,
        Vocabulary = vocabulary,
        TokenIds = [.. prompt, .. tokens],
        PromptLength = prompt.Length,
        LossMask = [.. Enumerable.Range(0, tokens.Count).Select(position => position < trainable)],
        TokenLogprobs = [.. logprobs],
        TokenRanks = [.. ranks],
        Entropies = [.. entropies],
        HeadSizes = [.. headSizes],
        HeadIds = [.. headIds],
        HeadLogprobs = [.. headLogprobs],
        HeadDraws = plan.RandomDraws == 0 ? null : new HeadDraws(plan.DrawTemperature, [.. headCounts]),
        TailLogSums = [.. plan.Temperatures.Select((temperature, t) => new TailLogSums(temperature, [.. logSums[t]]))],
        TailSamples = plan.TailSamples == 0 ? [] : [.. plan.Temperatures.Select((temperature, t) => new TailSamples(temperature, [.. samples[t]]))],
    };

    void AddFull(ref FrameReader reader)
    {
        headSizes.Add(vocabularySize);
        headIds.AddRange(Enumerable.Range(0, vocabularySize));
        headLogprobs.AddRange(reader.Floats(vocabularySize));
        logSums[0].Add(float.NegativeInfinity);
    }

    void AddHeadAndTail(ref FrameReader reader)
    {
        var size = reader.ReadInt();
        headSizes.Add(size);
        headIds.AddRange(reader.Ints(size));
        headLogprobs.AddRange(reader.Floats(size));
        headCounts.AddRange(reader.Ints(plan.RandomDraws > 0 ? size : 0));
        for (var t = 0; t < plan.Temperatures.Length; t++)
        {
            logSums[t].Add(reader.ReadFloat());
            samples[t].AddRange(reader.Ints(plan.TailSamples));
        }
    }
}
