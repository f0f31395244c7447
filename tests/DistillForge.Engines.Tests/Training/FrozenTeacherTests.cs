using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Inference;

namespace DistillForge.Engines.Tests.Training;

/// <summary>A GGUF teacher as a torch network beside the student.</summary>
[Collection("torch")]
public sealed class FrozenTeacherTests(Scratch scratch) : IClassFixture<Scratch>
{
    [Theory]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    [InlineData("gpt2", true)]
    public async Task It_thinks_what_the_checkpoint_thinks_that_the_file_was_made_from(string architecture, bool tied)
    {
        var (gguf, vocabulary) = Teacher(architecture, tied);
        using var checkpoint = CheckpointModel.Open(Path.GetDirectoryName(gguf)!);
        var ids = Enumerable.Range(0, 20).Select(i => i * 37 % vocabulary.RealSize).ToArray();
        var expected = await checkpoint.ScoreAsync(new TokenSequence(vocabulary.Fingerprint, ids, 1), new Want.Full(), default);

        using var scope = NewDisposeScope();
        using var teacher = FrozenTeacher.Open(gguf, vocabulary, CPU, Precision.Float32);
        var full = teacher.Read(tensor(ids[..^1].Select(id => (long)id).ToArray(), [1, 19]), arange(19, dtype: ScalarType.Int64), inside: null);

        var actual = full.LogProbabilities(1).narrow(1, 0, vocabulary.RealSize).contiguous().data<float>().ToArray();
        Assert.InRange(expected.HeadLogprobs.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4);
        Assert.InRange(actual.Max() - actual.Min(), 1, 100);
        // In parts, as the objective asks for it.
        Assert.True(full.Narrow(3, 4).LogProbabilities(2).allclose(full.LogProbabilities(2).narrow(0, 3, 4), 1e-4, 1e-5));
    }

    [Fact]
    public void Another_vocabulary_is_refused()
    {
        var (gguf, _) = Teacher("llama", true);

        var error = Assert.Throws<ForgeException>(() => FrozenTeacher.Open(gguf, Small.Vocabulary, CPU, Precision.Float32));

        Assert.Contains("it cannot read the student's tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_student_of_its_own_shape_learns_its_whole_distribution_and_every_inner_loss_at_once_bit_for_bit()
    {
        var (gguf, vocabulary) = Teacher("llama", true);
        var random = new Random(4);
        TokenTrace[] traces = [.. Enumerable.Range(0, 48).Select(i => Some.Tokens($"row {i}", [.. Enumerable.Range(0, 12).Select(_ => random.Next(vocabulary.RealSize - 1)), vocabulary.Eos!.Value], 3) with { Vocabulary = vocabulary.Fingerprint })];
        var plan = new TrainingPlan
        {
            Shape = Small.Shape with { Vocabulary = vocabulary.Size, Layers = 3, Width = 48, HeadSize = 12 },
            Vocabulary = vocabulary,
            Losses = [new LossTerm("forward-kl"), .. TrainingCatalog.Representations.Names.Select(name => new LossTerm(name, new ScheduledWeight(0.5, 0.1)))],
            Teacher = gguf,
            OnlineTargets = true,
            Seed = 3,
            Steps = 30,
            TokensPerBatch = 256,
            LearningRate = 1e-2,
            ValidationShare = 0.1,
            Precision = Precision.Float32,
            Threads = 2,
        };

        var result = await Train(plan, traces, scratch["whole"]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(plan, traces, scratch["broken"], stopAfter: 13));
        await Train(plan, traces, scratch["broken"]);

        Assert.True(result.Curve.Validation[^1].Kl < 0.92 * result.Curve.Validation[0].Kl, $"{result.Curve.Validation[0].Kl} to {result.Curve.Validation[^1].Kl}");
        foreach (var file in new[] { "model.safetensors", "optimizer.safetensors", "projections.safetensors" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(scratch["whole"], file)), File.ReadAllBytes(Path.Combine(scratch["broken"], file)));
        }

        using var model = SafetensorsFile.Open(Path.Combine(scratch["whole"], "model.safetensors"));
        Assert.DoesNotContain(model.Tensors, tensor => tensor.Name.StartsWith("projections.", StringComparison.Ordinal));
    }

    [Fact]
    public void Losses_on_the_inside_need_a_teacher_at_hand_and_layers_that_exist()
    {
        var traces = Small.Counting(8, new Random(1));
        var plan = new TrainingPlan { Shape = Small.Shape, Vocabulary = Small.Vocabulary, Seed = 1, Losses = [new LossTerm("cross-entropy")] };
        var corpus = new Corpus(traces, 64, 0);
        void Check(IRepresentationLoss loss, ModelShape? teacher) => Preflight.Check(plan, traces, corpus, [new("cross-entropy", new DistillForge.Training.Losses.CrossEntropy(), 1)], [new("inner", loss, 1)], teacher);

        Assert.Contains("no teacher is at hand", Assert.Throws<ForgeException>(() => Check(new DistillForge.Training.Losses.HiddenStates(new()), null)).Message, StringComparison.Ordinal);
        Assert.Contains("names layer 7, and there are 2", Assert.Throws<ForgeException>(() => Check(new DistillForge.Training.Losses.HiddenStates(new([7], [1])), Small.Shape)).Message, StringComparison.Ordinal);
        Assert.Contains("is 5, which does not divide", Assert.Throws<ForgeException>(() => Check(new DistillForge.Training.Losses.AttentionRelations(new(RelationHeads: 5)), Small.Shape)).Message, StringComparison.Ordinal);
        Assert.Contains("needs a teacher's log-probabilities", Assert.Throws<ForgeException>(() => Check(new DistillForge.Training.Losses.EarlyExit(new()), null)).Message, StringComparison.Ordinal);
    }

    (string Gguf, Vocabulary Vocabulary) Teacher(string architecture, bool tied)
    {
        var vocabulary = BpeTrainer.Train(Enumerable.Range(0, 200).Select(i => $"turn the lamp {i} to {i * 7 % 100} percent"), 300);
        var shape = Small.Shape with { Architecture = architecture, KeyValueHeads = architecture == "gpt2" ? 4 : 2, Vocabulary = vocabulary.Size, TiedEmbeddings = tied, RopeTheta = 5000, NormEpsilon = 1e-6f };
        var folder = scratch[$"teacher-{architecture}-{tied}"];
        var gguf = Path.Combine(folder, "f32.gguf");
        LlamaParityTests.Write(folder, shape, vocabulary);
        new StudentExport(folder).Write(gguf, GgmlType.F32, new Origin("random", null, null, null));
        return (gguf, vocabulary);
    }

    static async Task<TrainingResult> Train(TrainingPlan plan, TokenTrace[] traces, string folder, int stopAfter = int.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        return await new Trainer(TimeProvider.System).TrainAsync(plan, traces, folder, new StopAfter(stopAfter, stop), stop.Token);
    }
}
