using DistillForge.Training;
using DistillForge.Training.Inference;

namespace DistillForge.Engines.Tests.Training;

[Collection("torch")]
public sealed class TrainerTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly TrainingPlan Plan = new()
    {
        Shape = Small.Shape,
        Vocabulary = Small.Vocabulary,
        Losses = [new LossTerm("cross-entropy")],
        Seed = 7,
        Steps = 30,
        TokensPerBatch = 128,
        LearningRate = 1e-2,
        ValidationShare = 0.1,
        CheckpointEvery = 10,
        Precision = Precision.BFloat16,
        Threads = 2,
    };

    [Fact]
    public async Task A_tiny_set_is_learned_by_heart_and_continued_to_its_end()
    {
        var folder = scratch["overfit"];
        var traces = Small.Counting(16, new Random(1));

        var result = await Train(Plan with { Steps = 300, ValidationShare = 0 }, traces, folder);

        Assert.InRange(result.Curve.Loss[0], 3, 6);
        Assert.InRange(result.Curve.Loss[^1], 0, 0.05);
        using var model = CheckpointModel.Open(folder);
        var trace = traces[3];
        var completion = await model.CompleteAsync(new Prompt("p", [Message.User(string.Concat(trace.TokenIds[..2].Select(id => Small.Vocabulary.Tokens[id])))]), new Sampling(0), default);
        Assert.Equal(string.Concat(trace.TokenIds[2..^1].Select(id => Small.Vocabulary.Tokens[id])), completion.Text);
        Assert.Equal("stop", completion.FinishReason);
    }

    [Fact]
    public async Task An_interrupted_run_ends_with_the_same_bits()
    {
        var traces = Small.Counting(60, new Random(2));
        var (whole, broken) = (scratch["whole"], scratch["broken"]);

        await Train(Plan, traces, whole);
        var first = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan, traces, broken, stopAfter: 7));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan, traces, broken, stopAfter: 21));
        var log = new Lines();
        await new Trainer(TimeProvider.System).TrainAsync(Plan, traces, broken, log, default);

        Assert.NotNull(first);
        Assert.Contains("going on after step 21", log.Said);
        foreach (var file in new[] { "model.safetensors", "optimizer.safetensors" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, file)), File.ReadAllBytes(Path.Combine(broken, file)));
        }

        Assert.Equal(Checkpoint.ReadCurve(whole).Loss, Checkpoint.ReadCurve(broken).Loss);
        Assert.False(Directory.Exists(Path.Combine(broken, "resume")));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("state.json")]
    [InlineData("training.json")]
    public async Task A_flipped_bit_is_found_and_the_checkpoint_before_it_taken(string damaged)
    {
        var traces = Small.Counting(60, new Random(2));
        var (whole, broken) = (scratch[$"w-{damaged}"], scratch[$"b-{damaged}"]);
        await Train(Plan, traces, whole);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan, traces, broken, stopAfter: 23));

        Flip(Path.Combine(broken, "resume", "00000023", damaged));
        var log = new Lines();
        await new Trainer(TimeProvider.System).TrainAsync(Plan, traces, broken, log, default);

        Assert.Contains(log.Said, line => line.Contains(damaged, StringComparison.Ordinal) && line.Contains(damaged == "state.json" ? "is no" : "checksum", StringComparison.Ordinal));
        Assert.Contains("going on after step 20", log.Said);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")), File.ReadAllBytes(Path.Combine(broken, "model.safetensors")));
    }

    [Fact]
    public async Task A_processor_without_bfloat16_products_trains_in_float32_and_says_so()
    {
        // The kernel's own list of what the processor has.
        var isFast = File.ReadAllText("/proc/cpuinfo").Split(' ', '\n').Any(flag => flag is "avx512_bf16" or "amx_bf16");
        var log = new Lines();

        var result = await new Trainer(TimeProvider.System).TrainAsync(Plan with { Steps = 2 }, Small.Counting(16, new Random(3)), scratch["precision"], log, default);

        Assert.Equal(isFast ? Precision.BFloat16 : Precision.Float32, result.Precision);
        Assert.Equal(!isFast, log.Said.Any(line => line.StartsWith("trains in float32", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_finished_run_is_not_run_again_and_another_plan_starts_afresh()
    {
        var folder = scratch["finished"];
        var traces = Small.Counting(60, new Random(2));
        var first = await Train(Plan, traces, folder);
        var written = File.GetLastWriteTimeUtc(Path.Combine(folder, "model.safetensors"));

        var again = await Train(Plan, traces, folder);
        var other = await Train(Plan with { Seed = 8 }, traces, folder);

        Assert.Equal(first.Curve.Loss, again.Curve.Loss);
        Assert.NotEqual(first.Curve.Loss[0], other.Curve.Loss[0]);
        Assert.NotEqual(written, File.GetLastWriteTimeUtc(Path.Combine(folder, "model.safetensors")));
    }

    [Fact]
    public async Task Held_out_rows_are_measured_and_the_teacher_agreed_with_more_and_more()
    {
        var random = new Random(4);
        // A teacher that always thinks the same: what is learned on one row holds on the others.
        var always = TeacherPosition.Random(random, Small.Shape.Vocabulary);
        TokenTrace[] traces = [.. Enumerable.Range(0, 40).Select(_ => WithEnd(Some.Scored(random, [.. Enumerable.Range(0, 12).Select(_ => random.Next(60))], 3, [.. Enumerable.Repeat(always, 9)], 8, 4, [])))];
        var plan = Plan with { Losses = [new LossTerm("forward-kl", 0.7), new LossTerm("cross-entropy", 0.3)], Steps = 40, ValidationShare = 0.2 };

        var result = await Train(plan, traces, scratch["kl"]);

        Assert.True(result.Curve.Validation.Count >= 2);
        Assert.InRange(result.Curve.Validation[^1].Kl!.Value, 0.01, result.Curve.Validation[0].Kl!.Value);
        Assert.Equal(0.7 * result.Curve.Validation[^1].Kl!.Value + 0.3 * result.Curve.Validation[^1].Losses["cross-entropy"], result.Curve.Validation[^1].Loss, 6);
    }

    [Fact]
    public async Task All_that_is_unfit_is_said_before_work_starts()
    {
        var traces = Small.Counting(4, new Random(2)).Select(trace => trace with { Vocabulary = "other", TokenIds = [.. trace.TokenIds[..^1], 700] }).ToArray();

        var error = await Assert.ThrowsAsync<ForgeException>(() => Train(Plan with { LearningRate = 0, Losses = [new LossTerm("forward-kl")] }, traces, scratch["unfit"]));

        string[] expected = ["learning_rate", "belongs to vocabulary other", "outside the vocabulary of 61", "no row trains the end-of-sequence token", "needs a teacher's log-probabilities"];
        Assert.All(expected, what => Assert.Contains(what, error.Message, StringComparison.Ordinal));
        Assert.Equal(expected.Length, error.Problems.Count);
    }

    [Fact]
    public async Task Rows_without_anything_to_train_on_are_refused()
    {
        var traces = Small.Counting(4, new Random(2)).Select(trace => trace with { LossMask = new bool[trace.LossMask.Length] }).ToArray();

        var error = await Assert.ThrowsAsync<ForgeException>(() => Train(Plan, traces, scratch["empty"]));

        Assert.Contains("no token to train on", error.Message, StringComparison.Ordinal);
        Assert.Contains("lower train.validation.", error.Message, StringComparison.Ordinal);   // as a recipe calls it
    }

    [Fact]
    public async Task A_loss_that_runs_away_is_named()
    {
        var error = await Assert.ThrowsAsync<DivergedException>(() => Train(Plan with { LearningRate = 1e30, Clip = 1e30 }, Small.Counting(60, new Random(2)), scratch["diverged"]));

        Assert.Contains("diverged", error.Message, StringComparison.Ordinal);
    }

    static TokenTrace WithEnd(TokenTrace trace) => trace with { Vocabulary = Small.Vocabulary.Fingerprint, TokenIds = [.. trace.TokenIds[..^1], 60] };

    static async Task<TrainingResult> Train(TrainingPlan plan, TokenTrace[] traces, string folder, long stopAfter = long.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        return await new Trainer(TimeProvider.System).TrainAsync(plan, traces, folder, new Stopper(stop, stopAfter), stop.Token);
    }

    static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    sealed class Lines : IProgressLog
    {
        public List<string> Said { get; } = [];

        public void Say(string message) => Said.Add(message);

        public void Report(string what, long done, long total, string unit, string detail = "")
        {
        }
    }

    /// <summary>Presses Ctrl-C after a step.</summary>
    sealed class Stopper(CancellationTokenSource stop, long after) : IProgressLog
    {
        public void Say(string message)
        {
        }

        public void Report(string what, long done, long total, string unit, string detail = "")
        {
            if (done >= after)
            {
                stop.Cancel();
            }
        }
    }
}
