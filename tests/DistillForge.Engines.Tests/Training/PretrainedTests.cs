using System.Text.Json;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Inference;
using DistillForge.Training.Pretrained;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Networks from files against llama.cpp with the same files: every log-probability of every position.</summary>
public sealed class PretrainedTests(Scratch scratch) : IClassFixture<Scratch>
{
    const string Story = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends. One day, she saw a big red ball and wanted to play with it. But the ball was high up in a tree, and Lily could not reach it. Her friend Tom came and said, \"I can help you!\" He climbed the tree and threw the ball down. Lily was very happy and they played together all day.";
    const string Chat = "User: Hi! How are you today?\nBot: I'm good, thanks. I just came back from the park.\nUser: Did you see your friend there?\nBot: Yes, we played with his dog.";

    [SharedTheory("models")]
    [InlineData("models/stories260K/stories260K-f32.gguf", null, Story, 1e-3)]
    [InlineData("models/tinystories-656k/TinyStories-656K-f32.gguf", null, Story, 1e-3)]
    [InlineData("models/tinystories-656k", "models/tinystories-656k/TinyStories-656K-f32.gguf", Story, 1e-3)]
    [InlineData("models/cardputer-chat-3m/cardputer-chat-3m-f32.gguf", null, Chat, 2e-2)]
    public async Task A_real_model_thinks_of_real_text_what_llama_cpp_thinks(string path, string? gguf, string text, double tolerance)
    {
        using var weights = PretrainedWeights.Load(SharedFiles.PathOf(path));
        await using var theirs = await LlamaModel.OpenAsync(SharedFiles.PathOf(gguf ?? path), new LlamaOptions(Threads: 2, Exact: true), default);
        var vocabulary = weights.Vocabulary ?? Vocabulary.Read(SharedFiles.PathOf(gguf!));
        using var ours = new CheckpointModel(weights.Shape, weights.Build(CPU, Learning.Frozen), vocabulary, "pretrained", theirs);
        var ids = theirs.Encode(text, parseSpecial: true);
        Assert.True(ids.Length > 30);

        await AssertSame(ours, theirs, new TokenSequence(vocabulary.Fingerprint, ids, 1), tolerance);
    }

    // llama.cpp multiplies quantized weights with quantized activations: what can be compared is how near both are to the float32 file.
    [SharedFact("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")]
    public async Task A_quantized_model_is_dequantized()
    {
        const string Folder = "models/cardputer-chat-3m/cardputer-chat-3m";
        using var weights = PretrainedWeights.Load(SharedFiles.PathOf(Folder + "-q8_0.gguf"));
        await using var exact = await LlamaModel.OpenAsync(SharedFiles.PathOf(Folder + "-f32.gguf"), new LlamaOptions(Threads: 2, Exact: true), default);
        using var ours = new CheckpointModel(weights.Shape, weights.Build(CPU, Learning.Frozen), weights.Vocabulary!, "pretrained", exact);
        var sequence = new TokenSequence(weights.Vocabulary!.Fingerprint, exact.Encode(Chat, parseSpecial: true), 1);

        var (here, there) = (await ours.ScoreAsync(sequence, new Want.Full(), default), await exact.ScoreAsync(sequence, new Want.Full(), default));

        Assert.InRange(here.TokenLogprobs.Zip(there.TokenLogprobs, (a, b) => Math.Abs(a - b)).Average(), 1e-5, 0.05);
    }

    [Theory]
    [InlineData("llama", "llama3")]
    [InlineData("llama", "linear")]
    [InlineData("qwen2", "linear")]
    [InlineData("qwen3", "linear")]
    public async Task Stretched_positions_are_llama_cpps(string architecture, string scaling)
    {
        var vocabulary = BpeTrainer.Train(Enumerable.Range(0, 200).Select(i => $"turn the lamp {i} to {i * 7 % 100} percent"), 300);
        // An original context of 16: of the four waves of a head some stay, some are between, some are stretched.
        var factors = scaling == "linear" ? RopeFactors.OfLinear(4, 16) : RopeFactors.OfLlama3(16, 10_000, 8, 1, 4, 32);
        var shape = Small.Shape with { Architecture = architecture, Heads = 2, KeyValueHeads = 1, HeadSize = 16, Vocabulary = vocabulary.Size, RopeFactors = factors };
        var folder = scratch[$"{architecture}-{scaling}"];
        var gguf = WriteRandom(folder, shape, vocabulary);
        await using var theirs = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 2, Exact: true), default);
        var random = new Random(3);
        var sequence = new TokenSequence(vocabulary.Fingerprint, [.. Enumerable.Range(0, 60).Select(_ => random.Next(vocabulary.RealSize))], 1);

        foreach (var path in new[] { gguf, folder })
        {
            using var weights = PretrainedWeights.Load(path);
            using var ours = new CheckpointModel(weights.Shape, weights.Build(CPU, Learning.Frozen), vocabulary, "pretrained");
            Assert.Equal(factors, weights.Shape.RopeFactors);
            await AssertSame(ours, theirs, sequence, 1e-3);
        }

        using var plain = PretrainedWeights.Load(gguf);
        var unstretched = new PretrainedWeights("plain", plain.Shape with { RopeFactors = null }, vocabulary, plain.Numbers);
        using var other = new CheckpointModel(unstretched.Shape, unstretched.Build(CPU), vocabulary, "plain");
        Assert.True(await Furthest(other, theirs, sequence) > 1e-2, "the factors change nothing, so the test would pass without them");
    }

    [Theory]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    [InlineData("gpt2", true)]
    public void Gguf_and_folder_of_one_student_are_one_network(string architecture, bool tied)
    {
        var vocabulary = BpeTrainer.Train(["to be or not to be"], 264);
        var shape = Small.Shape with { Architecture = architecture, KeyValueHeads = architecture == "gpt2" ? 4 : 2, Vocabulary = vocabulary.Size, TiedEmbeddings = tied };
        var folder = scratch[$"both-{architecture}"];
        var gguf = WriteRandom(folder, shape, vocabulary);
        using var a = PretrainedWeights.Load(gguf);
        using var b = PretrainedWeights.Load(folder);

        Assert.Equal(a.Shape, b.Shape);
        Assert.All(TensorNames.Of(shape), tensor => Assert.Equal(a.Numbers(tensor), b.Numbers(tensor)));
    }

    [Fact]
    public void A_sharded_folder_without_prefix_is_read()
    {
        var folder = scratch["sharded"];
        var gguf = WriteRandom(folder, Small.Shape with { TiedEmbeddings = false }, Small.Vocabulary);
        Shard(folder, name => name);
        using var a = PretrainedWeights.Load(gguf);
        using var b = PretrainedWeights.Load(folder);

        Assert.All(TensorNames.Of(b.Shape), tensor => Assert.Equal(a.Numbers(tensor), b.Numbers(tensor)));
    }

    [Theory]
    [InlineData("../../elsewhere.safetensors", "must name .safetensors files of the same folder")]
    [InlineData("/etc/passwd", "must name .safetensors files of the same folder")]
    [InlineData("model-0.safetensors", "is not in this file")]
    [InlineData("absent.safetensors", "does not exist")]
    public void An_index_that_lies_is_refused(string shard, string what)
    {
        var folder = scratch[$"index-{shard.GetHashCode(StringComparison.Ordinal)}"];
        WriteRandom(folder, Small.Shape, Small.Vocabulary);
        Shard(folder, _ => shard);

        Assert.Contains(what, Assert.ThrowsAny<ForgeException>(() => PretrainedWeights.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frozen_network_gets_no_gradient()
    {
        var gguf = WriteRandom(scratch["frozen"], Small.Shape, Small.Vocabulary);
        using var weights = PretrainedWeights.Load(gguf);
        using var frozen = weights.Build(CPU, Learning.Frozen);
        using var live = weights.Build(CPU);

        Assert.All(frozen.Weights, weight => Assert.False(weight.Value.requires_grad));
        Assert.All(live.Weights, weight => Assert.True(weight.Value.requires_grad));
        Assert.Equal(Small.Shape.Parameters, live.Parameters);
    }

    /// <summary>A checkpoint folder with random weights, and its float32 GGUF.</summary>
    internal static string WriteRandom(string folder, ModelShape shape, Vocabulary vocabulary)
    {
        using var network = Small.Network(seed: 5, shape);
        LlamaParityTests.Disturb(network);
        using var optimizer = new AdamW(network.Weights, decay: 0);
        Checkpoint.Write(folder, new TrainingPlan { Shape = shape, Vocabulary = vocabulary, Losses = [], Seed = 5 }, "test", steps: 0, network, optimizer, new TrainingCurve());
        var gguf = Path.Combine(folder, "f32.gguf");
        new StudentExport(folder).Write(gguf, GgmlType.F32, new Origin("random", null, null, null));
        return gguf;
    }

    // Two files, names without 'model.', and an index; the last tensor is said to lie where the test wants.
    static void Shard(string folder, Func<string, string> last)
    {
        var whole = Path.Combine(folder, "model.safetensors");
        var map = new Dictionary<string, string>();
        using (var file = SafetensorsFile.Open(whole))
        {
            var parts = file.Tensors.Chunk(file.Tensors.Count / 2 + 1).ToArray();
            for (var i = 0; i < parts.Length; i++)
            {
                string Bare(string name) => name.StartsWith("model.", StringComparison.Ordinal) ? name["model.".Length..] : name;
                SafetensorsWriter.Write(Path.Combine(folder, $"model-{i}.safetensors"), [.. parts[i].Select(t => SafetensorsSource.Of(Bare(t.Name), t.Type, t.Shape, file.Data(t).ToArray()))]);
                foreach (var tensor in parts[i])
                {
                    map[Bare(tensor.Name)] = $"model-{i}.safetensors";
                }
            }
        }

        var end = map.Keys.Last();
        map[end] = last(map[end]);
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));
        File.Delete(whole);
    }

    static async Task AssertSame(CheckpointModel ours, LlamaModel theirs, TokenSequence sequence, double tolerance)
        => Assert.InRange(await Furthest(ours, theirs, sequence), 0, tolerance);

    static async Task<double> Furthest(CheckpointModel ours, LlamaModel theirs, TokenSequence sequence)
    {
        var (here, there) = (await ours.ScoreAsync(sequence, new Want.Full(), default), await theirs.ScoreAsync(sequence, new Want.Full(), default));
        Assert.True(there.HeadLogprobs.Length > 0);
        Assert.Equal(there.HeadIds, here.HeadIds);
        return here.HeadLogprobs.Zip(there.HeadLogprobs, (a, b) => (double)Math.Abs(a - b)).Max();
    }
}
