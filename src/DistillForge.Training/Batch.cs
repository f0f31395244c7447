using System.Numerics.Tensors;
using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>
/// Some rows as a rectangle, in ordinary memory: made ahead of the step that needs it. Rows are padded at their end, where
/// causal attention never looks; or they lie packed end to end in one. Only the N trained positions carry targets.
/// </summary>
public sealed class Batch
{
    Batch(int rows, int length, int trained, int headSize) => (Rows, Length, Trained, HeadSize, Tokens, Positions, TokenIds, NegativeEntropy, HeadIds, HeadLogprobs)
        = (rows, length, trained, headSize, new long[rows * length], new long[trained], new long[trained], new float[trained], new long[trained * headSize], new float[trained * headSize]);

    public int Rows { get; }

    /// <summary>T, the longest row's; of packed rows, all of them together.</summary>
    public int Length { get; }

    /// <summary>Of each packed row; empty where each has a line of its own.</summary>
    public IReadOnlyList<int> Lengths { get; private init; } = [];

    /// <summary>Input tokens without padding.</summary>
    public long Real { get; private init; }

    /// <summary>N.</summary>
    public int Trained { get; }

    /// <summary>K, the largest head's; 0 where nothing was scored.</summary>
    public int HeadSize { get; }

    /// <summary>[B, T]</summary>
    public long[] Tokens { get; }

    /// <summary>[N] b·T + t, ascending.</summary>
    public long[] Positions { get; }

    /// <summary>[N] What the position must predict.</summary>
    public long[] TokenIds { get; }

    /// <summary>[N] Σ p log p of the teacher over its whole vocabulary, temperature 1.</summary>
    public float[] NegativeEntropy { get; }

    /// <summary>[N, K]</summary>
    public long[] HeadIds { get; }

    /// <summary>[N, K] −∞ where a head is smaller than K.</summary>
    public float[] HeadLogprobs { get; }

    /// <summary>[N, K] n/N where the heads are what random draws hit, 0 where a head is smaller than K; else null.</summary>
    public float[]? HeadShares { get; private init; }

    /// <summary>s of those draws.</summary>
    public float DrawTemperature { get; private init; }

    public List<BatchTail> Tails { get; } = [];

    /// <summary>What this was made of.</summary>
    public IReadOnlyList<Row> Source { get; private init; } = [];

    /// <summary>The answers are the student's own: they are no labels.</summary>
    public bool AreOwnSamples { get; private init; }

    /// <summary>The same rows as further teachers judged them; their tokens and positions are these.</summary>
    public IReadOnlyList<Batch> Others { get; private init; } = [];

    /// <summary>The worse answers to the same prompts, row by row; null where rows are no pairs.</summary>
    public Batch? Rejected { get; private init; }

    /// <summary>[N, 1 + others] How much each teacher counts; empty where there is one.</summary>
    public float[] TeacherShares { get; private set; } = [];

    /// <param name="contents">What all rows of the data set have; a batch holds neither more nor less.</param>
    /// <param name="packed">End to end: see <see cref="Layout"/>.</param>
    public static Batch Of(IReadOnlyList<Row> rows, TraceContents contents, bool ownSamples = false, bool packed = false)
    {
        var headSize = contents.Scored ? rows.Max(row => row.Trained.Max(i => row.Trace.HeadSizes[i])) : 0;
        var trained = rows.Sum(row => row.Trained.Length);
        var batch = new Batch(packed ? 1 : rows.Count, packed ? rows.Sum(row => row.Length) : rows.Max(row => row.Length), trained, headSize)
        {
            Lengths = packed ? [.. rows.Select(row => row.Length)] : [],
            Real = rows.Sum(row => (long)row.Length),
            HeadShares = contents.Heads == HeadKind.Drawn ? new float[trained * headSize] : null,
            DrawTemperature = contents.DrawTemperature,
            Source = rows,
            AreOwnSamples = ownSamples,
            Rejected = rows.Any(row => row.Rejected is null) ? null : Of([.. rows.Select(row => row.Rejected!)], TraceContents.Unscored, packed: packed),
            Others = [.. contents.Others.Select((other, k) => Of([.. rows.Select(row => row.Others[k])], other, packed: packed))],
        };
        foreach (var temperature in contents.Temperatures)
        {
            var draws = contents.TailSamples.GetValueOrDefault(temperature);
            batch.Tails.Add(new BatchTail(temperature, new float[batch.Trained], draws, new long[batch.Trained * draws]));
        }

        var (n, start) = (0, 0);
        foreach (var row in rows)
        {
            n = batch.Fill(start, n, row, contents.Scored);
            start += packed ? row.Length : batch.Length;
        }

        batch.TeacherShares = contents.Ensemble?.Shares([batch.NegativeEntropy, .. batch.Others.Select(other => other.NegativeEntropy)]) ?? [];
        return batch;
    }

    int Fill(int start, int n, Row row, bool scored)
    {
        var trace = row.Trace;
        for (var t = 0; t < row.Length; t++)
        {
            Tokens[start + t] = trace.TokenIds[t];
        }

        var starts = scored ? HeadStarts(trace) : [];
        var tails = Tails.ConvertAll(tail => (tail, LogSums: trace.TailLogSums.First(x => x.Temperature == tail.Temperature).Values, SampleIds: trace.TailSamples.FirstOrDefault(x => x.Temperature == tail.Temperature)?.Ids ?? []));
        foreach (var i in row.Trained)
        {
            Positions[n] = start + trace.PromptLength - 1 + i;
            TokenIds[n] = trace.TokenIds[trace.PromptLength + i];
            if (scored)
            {
                FillHead(n, i, trace, starts[i]);
            }

            foreach (var (tail, logSums, sampleIds) in tails)
            {
                tail.Fill(n, i, logSums, sampleIds);
            }

            n++;
        }

        return n;
    }

    void FillHead(int n, int i, TokenTrace trace, int start)
    {
        NegativeEntropy[n] = -trace.Entropies[i];
        for (var k = 0; k < HeadSize; k++)
        {
            var real = k < trace.HeadSizes[i];
            HeadIds[n * HeadSize + k] = real ? trace.HeadIds[start + k] : 0;
            HeadLogprobs[n * HeadSize + k] = real ? trace.HeadLogprobs[start + k] : float.NegativeInfinity;
        }

        if (HeadShares is not null)
        {
            var counts = trace.HeadDraws!.Counts.AsSpan(start, trace.HeadSizes[i]);
            var draws = TensorPrimitives.Sum<int>(counts);
            for (var k = 0; k < counts.Length; k++)
            {
                HeadShares[n * HeadSize + k] = (float)counts[k] / draws;
            }
        }
    }

    static int[] HeadStarts(TokenTrace trace)
    {
        var starts = new int[trace.HeadSizes.Length];
        for (var i = 1; i < starts.Length; i++)
        {
            starts[i] = starts[i - 1] + trace.HeadSizes[i - 1];
        }

        return starts;
    }
}

/// <summary>What a batch knows of its teacher's tail at one temperature.</summary>
/// <param name="LogSums">[N] log Σ over the tail of p^(1/T).</param>
/// <param name="Draws">M.</param>
/// <param name="SampleIds">[N, M]</param>
public sealed record BatchTail(float Temperature, float[] LogSums, int Draws, long[] SampleIds)
{
    internal void Fill(int n, int i, float[] logSums, int[] sampleIds)
    {
        LogSums[n] = logSums[i];
        for (var m = 0; m < Draws; m++)
        {
            // −1 says that the tail is empty; its weight is 0 then.
            SampleIds[n * Draws + m] = Math.Max(0, sampleIds[i * Draws + m]);
        }
    }
}
