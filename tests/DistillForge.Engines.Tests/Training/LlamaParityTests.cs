using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Inference;

namespace DistillForge.Engines.Tests.Training;

/// <summary>The trainer's forward pass against llama.cpp's on the same weights: every log-probability of every position.</summary>
public sealed class LlamaParityTests(Scratch scratch) : IClassFixture<Scratch>
{
    const string Tiny = "models/tinystories-656k";

    [Theory]
    [InlineData("llama", true)]
    [InlineData("llama", false)]
    [InlineData("qwen2", true)]
    [InlineData("qwen3", false)]
    [InlineData("gpt2", true)]
    [InlineData("gpt2", false)]
    public async Task A_random_network_thinks_in_llama_cpp_what_it_thinks_here(string architecture, bool tied)
    {
        var vocabulary = BpeTrainer.Train(Enumerable.Range(0, 200).Select(i => $"turn the lamp {i} to {i * 7 % 100} percent"), 300);
        var shape = Small.Shape with { Architecture = architecture, KeyValueHeads = architecture == "gpt2" ? 4 : 2, Vocabulary = vocabulary.Size, TiedEmbeddings = tied, RopeTheta = 5000, NormEpsilon = 1e-6f };
        var folder = scratch[$"random-{architecture}-{tied}"];
        Write(folder, shape, vocabulary);
        new StudentExport(folder).Write(Path.Combine(folder, "f32.gguf"), GgmlType.F32, new Origin("random", null, null, null));

        using var ours = CheckpointModel.Open(folder);
        await AssertSame(ours, Path.Combine(folder, "f32.gguf"), vocabulary, architecture == "gpt2");
    }

    [SharedFact(Tiny)]
    public async Task A_pretrained_hugging_face_folder_thinks_in_llama_cpp_what_it_thinks_here()
    {
        var folder = SharedFiles.PathOf(Tiny);
        var gguf = Path.Combine(folder, "TinyStories-656K-f32.gguf");
        var shape = HuggingFaceConfig.Read(Path.Combine(folder, "config.json"));
        var vocabulary = Vocabulary.Read(gguf);
        var network = TrainingCatalog.Architectures.Create(shape.Architecture, options: null).Build(shape, seed: 0, CPU);
        Checkpoint.ReadWeights(folder, network);

        using var ours = new CheckpointModel(shape, network, vocabulary, "tinystories");
        await AssertSame(ours, gguf, vocabulary);
    }

    static async Task AssertSame(CheckpointModel ours, string gguf, Vocabulary vocabulary, bool isGpt2 = false)
    {
        await using var theirs = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 2, Exact: true), default);
        var random = new Random(3);
        foreach (var length in new[] { 12, 40 })
        {
            var sequence = new TokenSequence(vocabulary.Fingerprint, [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary.RealSize))], 1);

            var (here, there) = (await ours.ScoreAsync(sequence, new Want.Full(), default), await theirs.ScoreAsync(sequence, new Want.Full(), default));

            Assert.Equal((length - 1) * vocabulary.RealSize, here.HeadLogprobs.Length);
            Assert.Equal(there.HeadIds, here.HeadIds);
            // llama.cpp's GELU is a table of float16.
            Assert.InRange(here.HeadLogprobs.Zip(there.HeadLogprobs, (a, b) => Math.Abs(a - b)).Max(), 0, isGpt2 ? 2e-2 : 1e-3);
            Assert.InRange(there.HeadLogprobs.Max() - there.HeadLogprobs.Min(), 1, 100);   // not all alike
        }
    }

    // Biases start at 0 and gains at 1: left there, nobody would miss them.
    internal static void Disturb(Network network)
    {
        using var quiet = no_grad();
        foreach (var weight in network.Weights.Where(weight => !weight.Decays))
        {
            weight.Value.add_(tensor(Enumerable.Range(0, (int)weight.Value.numel()).Select(i => 0.3f * MathF.Sin(i + 1)).ToArray()));
        }
    }

    internal static void Write(string folder, ModelShape shape, Vocabulary vocabulary)
    {
        using var network = Small.Network(seed: 5, shape);
        Disturb(network);
        using var optimizer = new AdamW(network.Weights, decay: 0);
        var plan = new TrainingPlan { Shape = shape, Vocabulary = vocabulary, Losses = [], Seed = 5 };
        Checkpoint.Write(folder, plan, "test", steps: 0, network, optimizer, new TrainingCurve());
    }
}
