using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Training;
using DistillForge.Training.Adapters;
using DistillForge.Training.Inference;
using DistillForge.Training.Pretrained;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Adapters: what they train, that merged and apart they are one model, in llama.cpp too.</summary>
[Collection("torch")]
public sealed class LoraTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly LoraPlan Plan = new(Rank: 4, Alpha: 8, Dropout: 0.1, Targets: [], Precision.Float32);

    [Theory]
    [InlineData("llama", Precision.Float32)]
    [InlineData("llama", Precision.BFloat16)]
    [InlineData("qwen3", Precision.Float32)]
    [InlineData("gpt2", Precision.Float32)]
    public async Task Base_with_adapter_is_the_merged_model_in_llama_cpp(string architecture, Precision stored)
    {
        var folder = scratch[$"{architecture}-{stored}"];
        var shape = Small.Shape with { Architecture = architecture, KeyValueHeads = architecture == "gpt2" ? 4 : 2 };
        var gguf = PretrainedTests.WriteRandom(Path.Combine(folder, "base"), shape, Small.Vocabulary);
        using var weights = PretrainedWeights.Load(gguf);
        var plan = Plan with { Base = stored };

        var trained = await Train(weights, plan, Path.Combine(folder, "lora"), steps: 30);
        var curve = trained.Curve;
        Lora.Merge(weights, plan, Path.Combine(folder, "lora"), Path.Combine(folder, "merged"));
        AdapterExport.Write(Path.Combine(folder, "lora"), Path.Combine(folder, "adapter.gguf"), "adapter");
        new StudentExport(Path.Combine(folder, "merged")).Write(Path.Combine(folder, "merged.gguf"), GgmlType.F32, new Origin("merged", null, null, null));

        Assert.Equal(shape.Parameters, trained.Parameters);
        Assert.InRange(trained.TrainedParameters, 1, shape.Parameters / 2);
        Assert.True(curve.Loss[^1] < curve.Loss[0] - 0.1, $"{curve.Loss[0]} -> {curve.Loss[^1]}");
        await using var apart = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 2, Exact: true, Lora: Path.Combine(folder, "adapter.gguf")), default);
        await using var merged = await LlamaModel.OpenAsync(Path.Combine(folder, "merged.gguf"), new LlamaOptions(Threads: 2, Exact: true), default);
        await using var without = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 2, Exact: true), default);
        using var ours = CheckpointModel.Open(Path.Combine(folder, "merged"));
        var tolerance = architecture == "gpt2" ? 2e-2 : 1e-3;
        Assert.InRange(await Furthest(apart, merged), 0, tolerance);
        Assert.InRange(await Furthest(ours, merged), 0, tolerance);
        Assert.True(await Furthest(without, merged) > 0.05, "the adapter changes nothing");
    }

    [Fact]
    public void Only_adapters_are_trained_and_they_start_at_nothing()
    {
        using var weights = PretrainedWeights.Load(PretrainedTests.WriteRandom(scratch["start"], Small.Shape, Small.Vocabulary));
        using var plain = weights.Build(CPU, Learning.Frozen);
        using var adapted = Lora.Build(weights, Plan with { Targets = ["attn_q", "ffn_down"] }, seed: 3, CPU);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (tokens, all) = (tensor(new long[] { 1, 2, 3, 4 }, [1, 4]), arange(4, dtype: ScalarType.Int64));

        Assert.Equal(Small.Shape.Layers * 2 * 2, adapted.Weights.Count);
        Assert.Equal(Small.Shape.Layers * 4 * (32 + 32 + 48 + 32), adapted.Parameters);
        Assert.Equal(plain.Hidden(tokens, all).data<float>().ToArray(), adapted.Hidden(tokens, all).data<float>().ToArray());
    }

    [Fact]
    public void A_target_that_the_model_lacks_is_refused_with_those_it_has()
    {
        using var weights = PretrainedWeights.Load(PretrainedTests.WriteRandom(scratch["target"], Small.Shape, Small.Vocabulary));

        var error = Assert.Throws<ForgeException>(() => Lora.Build(weights, Plan with { Targets = ["atn_q"] }, 3, CPU));

        Assert.Contains("attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Adapters_go_on_where_they_stopped_bit_for_bit()
    {
        using var weights = PretrainedWeights.Load(PretrainedTests.WriteRandom(scratch["resume"], Small.Shape, Small.Vocabulary));
        await Train(weights, Plan, scratch["whole"], steps: 12);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(weights, Plan, scratch["halves"], steps: 12, new StopAt(stop, 5), stop.Token));
        await Train(weights, Plan, scratch["halves"], steps: 12);

        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(scratch["whole"], "model.safetensors")), await File.ReadAllBytesAsync(Path.Combine(scratch["halves"], "model.safetensors")));
    }

    static async Task<TrainingResult> Train(PretrainedWeights weights, LoraPlan lora, string folder, int steps, IProgressLog? log = null, CancellationToken cancellationToken = default)
    {
        var plan = new TrainingPlan
        {
            Shape = weights.Shape,
            Vocabulary = Small.Vocabulary,
            Losses = [new LossTerm("cross-entropy", 1)],
            Seed = 5,
            Steps = steps,
            TokensPerBatch = 256,
            LearningRate = 2e-2,
            Precision = lora.Base,
            ValidationShare = 0,
            Threads = 1,
            Start = new StartingNetwork("test", device => Lora.Build(weights, lora, seed: 3, device)),
        };
        return await new Trainer(TimeProvider.System).TrainAsync(plan, Small.Counting(60, new Random(1)), folder, log ?? new StopAt(null, int.MaxValue), cancellationToken);
    }

    sealed class StopAt(CancellationTokenSource? stop, int step) : IProgressLog
    {
        public void Say(string message)
        {
        }

        public void Report(string what, long done, long total, string unit, string detail = "")
        {
            if (done == step)
            {
                stop?.Cancel();
            }
        }
    }

    static async Task<double> Furthest(ILanguageModel a, ILanguageModel b)
    {
        var random = new Random(3);
        var sequence = new TokenSequence(Small.Vocabulary.Fingerprint, [.. Enumerable.Range(0, 40).Select(_ => random.Next(61))], 1);
        var (here, there) = (await a.ScoreAsync(sequence, new Want.Full(), default), await b.ScoreAsync(sequence, new Want.Full(), default));
        Assert.Equal(there.HeadIds, here.HeadIds);
        return here.HeadLogprobs.Zip(there.HeadLogprobs, (x, y) => (double)Math.Abs(x - y)).Max();
    }
}
