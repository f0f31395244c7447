using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using DistillForge.Core;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Benchmarks;

/// <summary>What one token costs beside its decode, at a small and at a large vocabulary.</summary>
[ShortRunJob]
public unsafe class RowBenchmarks
{
    readonly FrameWriter record = new();
    float* logits; // [V]
    Row row = null!;
    TopTokens top = null!;
    TextSampler sampler = null!;
    TraceWriter writer = null!;
    TracePlan top20 = null!;
    TracePlan top64 = null!;

    [Params(32_000, 151_936)]
    public int Vocabulary { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        logits = (float*)NativeMemory.AlignedAlloc((nuint)Vocabulary * sizeof(float), 64);
        var random = new Random(1);
        for (var id = 0; id < Vocabulary; id++)
        {
            logits[id] = MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle()) * 3;
        }

        (row, top, sampler, writer) = (new Row(Vocabulary), new TopTokens(), new TextSampler(Vocabulary), new TraceWriter(Vocabulary));
        (top20, top64) = (TracePlan.Of(new Want.Head(20, TailSamples: 0)), TracePlan.Of(new Want.Head(64)));
        row.Read(logits);
    }

    [GlobalCleanup]
    public void Cleanup() => NativeMemory.AlignedFree(logits);

    [Benchmark]
    public float Maxima()
    {
        row.Read(logits);
        return row.Max;
    }

    [Benchmark]
    public double LogSumExpAndEntropyInOnePass()
    {
        row.Read(logits, normalise: true);
        return row.LogSumExp + row.Entropy;
    }

    [Benchmark]
    public double LogSumExpAndEntropy()
    {
        row.Read(logits);
        row.Normalise();
        return row.LogSumExp + row.Entropy;
    }

    [Benchmark]
    public int Top64()
    {
        top.Select(row, 64);
        return top.Count;
    }

    [Benchmark]
    public int RankOfAMiddlingToken() => row.Rank(Vocabulary / 3);

    [Benchmark]
    public int DrawAtTemperatureOne()
    {
        row.Read(logits);
        return sampler.Draw(row, new Sampling(), 0.5);
    }

    [Benchmark]
    public int TraceOfTop20() => Trace(top20);

    [Benchmark]
    public int TraceOfTop64WithTail() => Trace(top64);

    int Trace(TracePlan plan)
    {
        row.Read(logits, normalise: true);
        row.Normalise();
        record.Clear();
        writer.Write(row, plan, token: 17, position: 3, seed: 5, record);
        return record.Length;
    }
}
