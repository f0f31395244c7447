using DistillForge.Core;

namespace DistillForge.Training.Inference;

/// <summary>Collects a trace, position after position.</summary>
/// <param name="random">Draws the tail samples.</param>
public sealed class TraceRecorder(Want want, Random random)
{
    readonly List<float> tokenLogprobs = [];
    readonly List<int> tokenRanks = [];
    readonly List<float> entropies = [];
    readonly List<int> headSizes = [];
    readonly List<int> headIds = [];
    readonly List<float> headLogprobs = [];
    readonly List<int> headCounts = [];
    readonly List<float>[] tailLogSums = [.. Temperatures(want).Select(_ => new List<float>())];
    readonly List<int>[] tailSamples = [.. Temperatures(want).Select(_ => new List<int>())];

    /// <summary>The next completion position and the token that stands there.</summary>
    public void Add(LogProbabilities position, int token)
    {
        tokenLogprobs.Add(position[token]);
        tokenRanks.Add(position.Rank(token));
        entropies.Add(position.Entropy());
        var head = Head(position);
        headSizes.Add(head.Length);
        headIds.AddRange(head);
        headLogprobs.AddRange(head.Select(id => position[id]));
        AddTail(position, head);
    }

    public TokenTrace Build(string id, string scorer, TokenSequence tokens) => new()
    {
        Id = id,
        Scorer = scorer,
        Vocabulary = tokens.Vocabulary,
        TokenIds = [.. tokens.TokenIds],
        PromptLength = tokens.PromptLength,
        LossMask = [.. Enumerable.Repeat(true, tokenLogprobs.Count)],
        TokenLogprobs = [.. tokenLogprobs],
        TokenRanks = [.. tokenRanks],
        Entropies = [.. entropies],
        HeadSizes = [.. headSizes],
        HeadIds = [.. headIds],
        HeadLogprobs = [.. headLogprobs],
        HeadDraws = want is Want.Head { RandomDraws: > 0 } drawn ? new HeadDraws(drawn.DrawTemperature, [.. headCounts]) : null,
        TailLogSums = [.. Temperatures(want).Select((t, i) => new TailLogSums(t, [.. tailLogSums[i]]))],
        TailSamples = Draws > 0 ? [.. Temperatures(want).Select((t, i) => new TailSamples(t, [.. tailSamples[i]]))] : [],
    };

    int Draws => want is Want.Head { RandomDraws: 0 } head ? head.TailSamples : 0;

    // Ascending ids.
    int[] Head(LogProbabilities position) => want switch
    {
        Want.At at => [.. at.Ids],
        Want.Head { RandomDraws: > 0 } head => Drawn(position, head),
        Want.Head head => [.. MostLikely(position, head).Order()],
        _ => [.. Enumerable.Range(0, position.Size)],
    };

    int[] Drawn(LogProbabilities position, Want.Head head)
    {
        var log = Enumerable.Range(0, position.Size).Select(id => position[id] / head.DrawTemperature).ToArray();
        var sum = LogProbabilities.LogSumExp(log);
        var counts = new SortedDictionary<int, int>();
        foreach (var place in Places(head.RandomDraws, head.Drawing))
        {
            var id = Pick(log, sum, place);
            counts[id] = counts.GetValueOrDefault(id) + 1;
        }

        headCounts.AddRange(counts.Values);
        return [.. counts.Keys];
    }

    static int[] MostLikely(LogProbabilities position, Want.Head head)
    {
        var ids = position.Top(Math.Min(head.TopLogprobs, position.Size));
        var mass = 0.0;
        var count = 0;
        while (count < ids.Length && (head.Mass >= 1 || mass < head.Mass))
        {
            mass += Math.Exp(position[ids[count++]]);
        }

        return ids[..count];
    }

    void AddTail(LogProbabilities position, int[] head)
    {
        // A token of the head has no part in the tail.
        var tempered = new float[head.Length == position.Size ? 0 : position.Size];
        var i = 0;
        foreach (var temperature in Temperatures(want))
        {
            for (var id = 0; id < tempered.Length; id++)
            {
                tempered[id] = position[id] / temperature;
            }

            for (var k = 0; k < head.Length && tempered.Length > 0; k++)
            {
                tempered[head[k]] = float.NegativeInfinity;
            }

            var sum = LogProbabilities.LogSumExp(tempered);
            tailLogSums[i].Add((float)sum);
            tailSamples[i].AddRange(Places(Draws, (want as Want.Head)?.Drawing ?? Drawing.Independent).Select(place => double.IsNegativeInfinity(sum) ? -1 : Pick(tempered, sum, place)).ToArray().Order());

            i++;
        }
    }

    // [0, 1), one a draw.
    double[] Places(int draws, Drawing drawing)
    {
        var comb = drawing == Drawing.Systematic && draws > 0 ? random.NextDouble() : 0;
        return [.. Enumerable.Range(0, draws).Select(draw => drawing == Drawing.Systematic ? (draw + comb) / draws : random.NextDouble())];
    }

    // By the inverse of the cumulative distribution.
    static int Pick(float[] log, double sum, double at)
    {
        for (var i = 0; i < log.Length; i++)
        {
            at -= Math.Exp(log[i] - sum);
            if (at < 0)
            {
                return i;
            }
        }

        return Array.IndexOf(log, log.Max());   // rounding left a little over
    }

    static IEnumerable<float> Temperatures(Want want) => want is Want.Head head ? head.AllTemperatures : [1f];
}
