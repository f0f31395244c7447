using DistillForge.Training;
using DistillForge.Training.Inference;

namespace DistillForge.Engines.Tests.Training;

/// <summary>The student answers some batches itself, and a teacher reads that live.</summary>
[Collection("torch")]
public sealed class OnPolicyTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly TokenTrace[] Rows = Small.Counting(60, new Random(2));

    static readonly TrainingPlan Plan = new()
    {
        Shape = Small.Shape with { Width = 24, HeadSize = 6 },
        Vocabulary = Small.Vocabulary,
        Losses = [new LossTerm("reverse-kl"), new LossTerm("cross-entropy", 0.2)],
        Seed = 7,
        Steps = 24,
        TokensPerBatch = 128,
        LearningRate = 1e-2,
        ValidationShare = 0.1,
        Precision = Precision.Float32,
        Threads = 2,
    };

    [Fact]
    public async Task A_teacher_reads_the_students_own_answers_and_a_resumed_run_draws_the_same()
    {
        var folder = await TeacherAsync();
        using var teacher = CheckpointModel.Open(folder);
        var seen = new Recorder(teacher);
        var traces = await ScoredAsync(teacher);
        var plan = Plan with { OnPolicy = new OnPolicy(0.5, MaxTokens: 6) { Scorer = seen, Capture = new Want.Head(TopLogprobs: 8, TailSamples: 0) } };

        var whole = await Train(plan, traces, scratch["whole"]);
        var asked = seen.Read.ToList();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(plan, traces, scratch["broken"], stopAfter: 11));
        await Train(plan, traces, scratch["broken"]);

        Assert.InRange(asked.Count, 40, 24 * 20);
        Assert.All(asked, tokens => Assert.InRange(tokens.TokenIds.Count - tokens.PromptLength, 1, 6));
        // Prompts of the rows, answers that nobody wrote.
        Assert.All(asked, tokens => Assert.Contains(traces, trace => trace.TokenIds[..2].SequenceEqual(tokens.TokenIds.Take(2))));
        Assert.Contains(asked, tokens => !traces.Any(trace => trace.TokenIds.SequenceEqual(tokens.TokenIds)));
        Assert.Equal(asked.Select(Text), seen.Read.Skip(asked.Count).Take(asked.Count).Select(Text));
        Assert.Equal(File.ReadAllBytes(Path.Combine(scratch["whole"], "model.safetensors")), File.ReadAllBytes(Path.Combine(scratch["broken"], "model.safetensors")));
        Assert.True(whole.Curve.Validation[^1].Kl < whole.Curve.Validation[0].Kl);
    }

    [Fact]
    public async Task Labels_rest_in_steps_of_own_answers()
    {
        using var teacher = CheckpointModel.Open(await TeacherAsync());
        var traces = await ScoredAsync(teacher);
        var plan = Plan with { Steps = 4, OnPolicy = new OnPolicy(1, MaxTokens: 6) { Scorer = teacher, Capture = new Want.Head(TopLogprobs: 8, TailSamples: 0) } };

        var with = await Train(plan, traces, scratch["with"]);
        var without = await Train(plan with { Losses = [new LossTerm("reverse-kl")] }, traces, scratch["without"]);

        Assert.Equal(without.Curve.Loss, with.Curve.Loss);
        var error = await Assert.ThrowsAsync<ForgeException>(() => Train(plan with { Losses = [new LossTerm("cross-entropy")] }, traces, scratch["labels"]));
        Assert.Contains("no loss asks what the teacher thinks of it", error.Message, StringComparison.Ordinal);
    }

    async Task<string> TeacherAsync()
    {
        var folder = scratch["teacher"];
        if (!Directory.Exists(folder))
        {
            await Train(Plan with { Shape = Small.Shape, Losses = [new LossTerm("cross-entropy")], Steps = 60 }, Rows, folder);
        }

        return folder;
    }

    static async Task<TokenTrace[]> ScoredAsync(CheckpointModel teacher)
        => await Task.WhenAll(Rows.Select(async row => await teacher.ScoreAsync(new TokenSequence(row.Vocabulary, row.TokenIds, row.PromptLength), new Want.Head(TopLogprobs: 8, TailSamples: 0), default) with { Id = row.Id }));

    static string Text(TokenSequence tokens) => string.Join(' ', tokens.TokenIds);

    static async Task<TrainingResult> Train(TrainingPlan plan, TokenTrace[] traces, string folder, int stopAfter = int.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        return await new Trainer(TimeProvider.System).TrainAsync(plan, traces, folder, new StopAfter(stopAfter, stop), stop.Token);
    }

    sealed class Recorder(ILanguageModel inner) : ILanguageModel
    {
        public List<TokenSequence> Read { get; } = [];

        public string Vocabulary => inner.Vocabulary;

        public Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken) => inner.CompleteAsync(prompt, sampling, cancellationToken);

        public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken)
        {
            Read.Add(tokens with { TokenIds = [.. tokens.TokenIds] });
            return inner.ScoreAsync(tokens, want, cancellationToken);
        }
    }
}

/// <summary>Interrupts a run after so many steps.</summary>
sealed class StopAfter(int steps, CancellationTokenSource stop) : IProgressLog
{
    public void Say(string message)
    {
    }

    public void Report(string what, long done, long total, string unit, string detail = "")
    {
        if (done >= steps)
        {
            stop.Cancel();
        }
    }
}
