using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Inference;
using DistillForge.Training.Pretrained;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Smaller models out of larger ones: what stays is what matters, and llama.cpp computes them as we do.</summary>
public sealed class SlicingTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly Vocabulary Words = BpeTrainer.Train(Enumerable.Range(0, 200).Select(i => $"turn the lamp {i} to {i * 7 % 100} percent"), 300);

    static readonly IReadOnlyList<int>[] Sample = [.. Enumerable.Range(0, 6).Select(i => (IReadOnlyList<int>)[.. Enumerable.Range(0, 30).Select(t => (t * 7 + i * 11) % Words.RealSize)])];

    static ModelShape Shape(string architecture) => Small.Shape with { Architecture = architecture, Layers = 4, KeyValueHeads = architecture == "gpt2" ? 4 : 2, Vocabulary = Words.Size };

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gpt2")]
    public async Task A_slice_in_every_direction_thinks_in_llama_cpp_what_it_thinks_here(string architecture)
    {
        var shape = Shape(architecture);
        using var whole = PretrainedWeights.Load(PretrainedTests.WriteRandom(scratch[architecture], shape, Words));
        var wanted = new PartsWanted([], LayerCount: 2, Width: 16, Heads: 2, FeedForward: 24);

        var small = whole.Keep(Parts.Choose(shape, wanted, Importance.Measure(whole, Sample)));

        Assert.Equal((2, 16, 2, 24), (small.Shape.Layers, small.Shape.Width, small.Shape.Heads, small.Shape.FeedForward));
        var folder = scratch[architecture + "-small"];
        using var network = small.Build(CPU);
        using var optimizer = new AdamW(network.Weights, decay: 0);
        Checkpoint.Write(folder, new TrainingPlan { Shape = small.Shape, Vocabulary = Words, Losses = [], Seed = 5 }, "test", steps: 0, network, optimizer, new TrainingCurve());
        var gguf = Path.Combine(folder, "f32.gguf");
        new StudentExport(folder).Write(gguf, GgmlType.F32, new Origin("small", null, null, null));
        using var ours = CheckpointModel.Open(folder);
        await using var theirs = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 2, Exact: true), default);
        var sequence = new TokenSequence(Words.Fingerprint, [.. Sample[0]], 1);
        var (here, there) = (await ours.ScoreAsync(sequence, new Want.Full(), default), await theirs.ScoreAsync(sequence, new Want.Full(), default));
        Assert.InRange(here.HeadLogprobs.Zip(there.HeadLogprobs, (a, b) => Math.Abs(a - b)).Max(), 0, architecture == "gpt2" ? 2e-2 : 1e-3);
    }

    // Heads, neurons and layers that add nothing to the residual stream are found and go, and nothing changes.
    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void What_does_nothing_goes_first(string architecture)
    {
        var shape = Shape(architecture);
        using var file = PretrainedWeights.Load(PretrainedTests.WriteRandom(scratch[architecture + "-idle"], shape, Words));
        var (isGpt2, group) = (architecture == "gpt2", shape.Heads / shape.KeyValueHeads);
        using var whole = new PretrainedWeights("idle", shape, Words, tensor =>
        {
            var numbers = file.Numbers(tensor);
            var stem = tensor.Gguf.Split('.')[^2];
            var layer = tensor.Gguf.StartsWith("blk.", StringComparison.Ordinal) ? tensor.Gguf[4] - '0' : -1;
            for (var r = 0; r < tensor.Rows; r++)
            {
                for (var c = 0; c < tensor.Columns; c++)
                {
                    var idle = (layer == 1 && stem is ("attn_output" or "ffn_down"))   // layer 1 adds nothing
                        || (stem is "attn_v" && r / shape.HeadSize == 0)
                        || (stem is "ffn_up" && (tensor.IsVector ? c : r) < 8);
                    numbers[r * tensor.Columns + c] = idle ? 0 : numbers[r * tensor.Columns + c];
                }
            }

            return numbers;
        });
        var importance = Importance.Measure(whole, Sample);
        var parts = Parts.Choose(shape, new PartsWanted([], LayerCount: 3, Heads: isGpt2 ? 0 : shape.Heads - group, FeedForward: shape.FeedForward - 8), importance);

        Assert.Equal([0, 2, 3], parts.Layers);
        // GPT-2's heads are together as wide as the model: none may go alone.
        Assert.All(parts.KeyHeads, heads => Assert.Equal(isGpt2 ? Enumerable.Range(0, 4) : Enumerable.Range(1, shape.KeyValueHeads - 1), heads));
        Assert.All(parts.Neurons, neurons => Assert.Equal(Enumerable.Range(8, shape.FeedForward - 8), neurons));
        Assert.InRange(Differ(whole, whole.Keep(parts)), 0, 1e-4);
        Assert.True(Differ(whole, whole.Keep(parts with { Layers = [1, 2, 3] })) > 1e-2);
    }

    [Theory]
    [InlineData("keep_layers", 9, 0, 0)]
    [InlineData("width", 0, 64, 0)]
    [InlineData("heads", 0, 0, 3)]
    public void More_than_there_is_cannot_stay(string key, int layer, int width, int heads)
    {
        var shape = Shape("llama");
        var importance = new Importance(new double[4], new double[32], [], [], 1);

        var error = Assert.Throws<ForgeException>(() => Parts.Choose(shape, new PartsWanted(layer > 0 ? [layer] : [], 0, width, heads), importance));

        Assert.Equal("student.from_teacher." + key, Assert.Single(error.Problems).Where);
    }

    static double Differ(PretrainedWeights a, PretrainedWeights b)
    {
        float[] Logits(PretrainedWeights weights)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            using var network = weights.Build(CPU, Learning.Frozen);
            var tokens = tensor(Sample[0].Select(id => (long)id).ToArray(), [1, Sample[0].Count]);
            return network.Hidden(tokens, arange(Sample[0].Count, dtype: ScalarType.Int64)).matmul(network.Head.t()).log_softmax(-1).contiguous().data<float>().ToArray();
        }

        return Logits(a).Zip(Logits(b), (x, y) => (double)Math.Abs(x - y)).Max();
    }
}
