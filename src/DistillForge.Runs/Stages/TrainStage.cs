using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Adapters;
using DistillForge.Training.Pretrained;
using Precision = DistillForge.Data.Precision;

namespace DistillForge.Runs.Stages;

/// <summary>Trains on the curated rows: the student as the recipe says, or the baseline that sees the teacher's text alone.</summary>
sealed class TrainStage(RunContext run, TrainStage.Role role) : Stage(run)
{
    // Two of this size fit into the memory of anything that can train one.
    const long SmallStudent = 20_000_000;

    internal enum Role
    {
        Student,

        /// <summary>Same size, rows, order and steps as the student; cross-entropy on the realised tokens is all it is told.</summary>
        Baseline,
    }

    /// <summary>The folder of one student of a sweep, relative to the run's; null for the run's own student.</summary>
    public string? Trial { get; init; }

    /// <summary>See <see cref="TrainingPlan.EndsAfter"/>.</summary>
    public Func<IReadOnlyList<ValidationPoint>, string?>? EndsAfter { get; init; }

    public override string Name => Trial is not null ? Trial.Replace('/', '-') : role == Role.Student ? "train" : "baseline";

    public override string Command => role == Role.Student ? "train" : "evaluate";

    protected override IReadOnlyList<string> RecipeKeys => ["student", "train"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>([.. OtherTraces.Select((path, i) => new KeyValuePair<string, string>($"traces-{i + 2}", path)), .. Run.AlignsTraces ? [new("thoughts", Run.TracesOf(""))] : Array.Empty<KeyValuePair<string, string>>(), .. AtHand || OwnAnswers ? [new("teacher", Run.TeacherGguf)] : Array.Empty<KeyValuePair<string, string>>(), .. LearnsFromPairs ? [new(PairsStage.FileName, Run.Folder.In(PairsStage.FileName))] : Array.Empty<KeyValuePair<string, string>>(), .. StudentStart.Inputs(Run)])
    {
        ["curated.parquet"] = Run.Folder.Curated,
        ["vocabulary.gguf"] = Run.Folder.In("vocabulary.gguf"),
        [Run.LearnsFromTraces ? "traces" : "tokens.parquet"] = Run.LearnsFromTraces ? Run.TracesOf("") : Run.Folder.In("tokens.parquet"),
    };

    // The baseline sees the text alone, which is in the first teacher's traces.
    IEnumerable<string> OtherTraces => Run is { IsEnsemble: true, LearnsFromTraces: true } && role == Role.Student
        ? Run.Teachers.Skip(1).Select(teacher => Path.Combine(Run.ScoresOf("", teacher), "traces"))
        : [];

    protected override IReadOnlyList<string> Outputs => [Target, .. Lora is null ? Array.Empty<string>() : [Adapters], .. IsTheStudent ? [UntrainedGguf] : Array.Empty<string>()];

    /// <summary>The student before its first step, to be compared with.</summary>
    public const string UntrainedGguf = "untrained-f16.gguf";

    bool IsTheStudent => Trial is null && role == Role.Student;

    string Target => Trial is not null ? $"{Trial}/checkpoint" : role == Role.Student ? "checkpoint" : "baseline";

    /// <summary>Where adapters lie that are trained before they are merged.</summary>
    string Adapters => Trial is not null ? $"{Trial}/{StudentStart.AdapterFolder}" : role == Role.Student ? StudentStart.AdapterFolder : "baseline-lora";

    LoraPlan? Lora => StudentStart.Lora(Run.Recipe.Student);

    /// <summary>How many stages work at the same time: threads are shared out among them.</summary>
    public int Beside { get; set; } = 1;

    /// <summary>
    /// Student and baseline, both still to be trained and small, learn side by side: two threads of one small model's step wait for each
    /// other more than half of the time (src/decisions/threads.md).
    /// </summary>
    public static bool SideBySide(RunContext run)
    {
        var student = run.Recipe.Student;
        return !student.IsPretrained && 12L * student.Layers * student.Width * student.Width <= SmallStudent;
    }

    TrainSettings Settings => Run.Recipe.Train;

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var traces = await TracesAsync(cancellationToken);
        var vocabulary = Vocabulary.Read(Run.Folder.In("vocabulary.gguf"));
        traces = Run.AlignsTraces ? await AlignedTraces.OfAsync(Run, traces, vocabulary, cancellationToken) : traces;
        using var start = StudentStart.Load(Run, vocabulary, traces, cancellationToken);
        var shape = start?.Shape ?? StudentShape.Of(Run.Recipe.Student, vocabulary, Run.LocalTeacher, traces);
        await using var scorer = OwnAnswers && Settings.Targets == TrainTargets.Trace ? await Run.OpenScorerAsync(Run.Teacher, cancellationToken) : null;
        var onPolicy = OwnAnswers && Settings.OnPolicy is { } own ? new OnPolicy(own.Fraction, own.MaxTokens, own.Temperature) { Scorer = scorer is not null && Run.PrunedVocabulary() is { } part ? new PrunedTeacher(scorer, part) : scorer, Capture = Run.Recipe.Generate.ToCapture() ?? new Want.Head() } : null;
        var split = await SplitAsync(cancellationToken);
        var plan = new TrainingPlan
        {
            Shape = shape,
            Vocabulary = vocabulary,
            Losses = Losses(),
            Ensemble = OtherTraces.Any() ? new TeacherEnsemble([.. Run.Teachers.Select(Run.IdentityOf)], [.. Run.Teachers.Select(teacher => teacher.Weight)], Settings.Ensemble == EnsembleMix.Confidence ? TeacherMix.Confidence : TeacherMix.Fixed) : null,
            Teacher = AtHand ? Run.TeacherGguf : null,
            OnlineTargets = AtHand && Settings.Targets == TrainTargets.Online,
            Start = start is null ? null : new StartingNetwork(StudentStart.Identity(Run), device => Lora is { } lora ? Training.Adapters.Lora.Build(start, lora, Run.Recipe.Seed, device) : start.Build(device)),
            RankedHeads = Settings.Targets == TrainTargets.Ranked,
            OnPolicy = onPolicy,
            Rejected = LearnsFromPairs ? await TracesFile.ReadAsync([Run.Folder.In(PairsStage.FileName)], cancellationToken).OrderBy(trace => trace.Id, StringComparer.Ordinal).ToListAsync(cancellationToken) : null,
            Embedding = Embedding(shape),
            Seed = Run.Recipe.Seed,
            Epochs = Settings.Epochs,
            TokensPerBatch = Settings.TokensPerBatch,
            MicroBatch = Settings.MicroBatch,
            Packing = Settings.Packing,
            GradientCheckpointing = Settings.GradientCheckpointing,
            LearningRate = Settings.LearningRate,
            WarmupFraction = Settings.Warmup,
            Schedule = Settings.Schedule,
            FinalRate = Settings.FinalRate,
            DecayFraction = Settings.Decay,
            WeightDecay = Settings.WeightDecay,
            Clip = Settings.Clip,
            Precision = Settings.Precision == Precision.Bf16 ? Training.Precision.BFloat16 : Training.Precision.Float32,
            ValidationShare = Settings.Validation,
            ValidationIds = split?.Validation,
            ValidateEvery = Settings.ValidateEvery,
            Patience = Settings.Patience,
            Keep = Settings.Keep ?? (Settings.Patience > 0 ? KeptWeights.Best : KeptWeights.Last),
            Ema = Settings.Ema,
            EndsAfter = EndsAfter,
            CheckpointEvery = Settings.CheckpointEvery,
            Device = Settings.Device,
            Threads = Math.Max(1, (Settings.Threads > 0 ? Settings.Threads : Run.Settings.EffectiveThreads) / Beside),
        };
        if (IsTheStudent)
        {
            await WriteUntrainedAsync(plan, start);
        }

        var result = await new Trainer(Run.Clock).TrainAsync(plan, traces, Run.Folder.In(Lora is null ? Target : Adapters), new Named(Run.Progress, Name), cancellationToken);
        if (Lora is { } adapters)
        {
            Training.Adapters.Lora.Merge(start!, adapters, Run.Folder.In(Adapters), Run.Folder.In(Target));
        }

        var figures = new Dictionary<string, double>
        {
            ["parameters"] = result.Parameters,
            ["trained_parameters"] = result.TrainedParameters,
            ["beside"] = Beside,
            ["precision_bits"] = result.Precision == Training.Precision.BFloat16 ? 16 : 32,
            ["steps"] = result.Steps,
            ["tokens"] = result.Tokens,
            ["trained_tokens"] = result.TrainedTokens,
            ["tokens_per_second"] = Math.Round(result.Tokens / Math.Max(1e-9, result.Seconds)),
        };
        if (split is not null)
        {
            (figures["validation_rows"], figures["clusters"], figures["validation_clusters"], figures["largest_cluster"]) = (split.Validation.Count, split.Clusters, split.ValidationClusters, split.Largest);
        }

        return figures;
    }

    // Null where each row is chosen by itself.
    async Task<ClusterSplit?> SplitAsync(CancellationToken cancellationToken)
    {
        if (Settings.Split is not { } wanted || Settings.Validation == 0)
        {
            return null;
        }

        Func<Example, string?>? group = wanted.Group switch
        {
            GroupColumn.Category => row => row.Category,
            GroupColumn.Source => row => row.Source,
            GroupColumn.Author => row => row.Author,
            GroupColumn.Expected => row => row.Expected,
            _ => null,
        };
        var split = await ClusterSplit.OfAsync(ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken), wanted.Threshold, group, Settings.Validation, Run.Recipe.Seed, cancellationToken);
        if (split.Validation.Count == 0)
        {
            throw new ForgeException(Run.Recipe.Path, [new Problem("train.split", $"finds {split.Clusters:N0} clusters in {split.Rows:N0} rows (the largest has {split.Largest:N0}), and none is as small as {100 * Settings.Validation:0.##} % of the rows.", "Raise train.validation, or split by a column with more values.")]);
        }

        Run.Progress.Say($"  {split.Validation.Count:N0} of {split.Rows:N0} rows only measure: {split.ValidationClusters:N0} of {split.Clusters:N0} clusters, the largest of all has {split.Largest:N0} rows");
        return split;
    }

    async Task WriteUntrainedAsync(TrainingPlan plan, PretrainedWeights? start)
    {
        var folder = Run.Folder.In("untrained.partial");
        await UntrainedStudent.WriteAsync(plan, start, folder);
        new StudentExport(folder).Write(Run.Folder.In(UntrainedGguf), GgmlType.F16, new Origin($"{Run.Recipe.Name} untrained", null, null, null));
        Directory.Delete(folder, recursive: true);
    }

    bool OwnAnswers => role == Role.Student && Settings.OnPolicy is not null;

    bool LearnsFromPairs => role == Role.Student && Pairs.WantedBy(Run.Recipe) is not null;

    bool AtHand => role == Role.Student && TeacherAtHand.WantedBy(Run.Recipe) is not null;

    // The baseline knows the teacher's text alone.
    float[]? Embedding(ModelShape shape) => role == Role.Student && Run.Recipe.Student.Embeddings == EmbeddingStart.Teacher
        ? TeacherEmbedding.Project(Run.TeacherGguf, shape.Vocabulary, shape.Width, Run.Recipe.Seed, Run.PrunedVocabulary()?.Kept)
        : null;

    LossTerm[] Losses() => role == Role.Baseline
        ? [new LossTerm("cross-entropy")]
        : [.. Settings.Losses.Select(loss => new LossTerm(loss.Name, loss.Weight, loss.Options, loss.Tokens)) is var named && named.Any() ? named : Default()];

    LossTerm[] Default() => Run.LearnsFromTraces || Run.AlignsTraces ? [new LossTerm(Settings.Targets == TrainTargets.Ranked ? "uld" : "forward-kl", 0.7), new LossTerm("cross-entropy", 0.3)] : [new LossTerm("cross-entropy")];

    // In the order of the curated rows' ids, so that the order of answers decides nothing.
    async Task<List<TokenTrace>> TracesAsync(CancellationToken cancellationToken)
    {
        var curated = await ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).Select(example => example.Id).ToHashSetAsync(cancellationToken: cancellationToken);
        var files = Run.LearnsFromTraces ? WantedRows.Shards(Run.TracesOf("")) : [Run.Folder.In("tokens.parquet")];
        var traces = await TracesFile.ReadAsync(files, cancellationToken).Where(trace => curated.Contains(trace.Id)).ToListAsync(cancellationToken);
        // A row that a transform changed is not what the teacher said: it has no trace, and its old one would bring back what was taken away.
        var changed = Run.HasTeacher && Manifest.TryRead(Run.Folder.Path, "filter") is { } filter ? (long)filter.Figures.GetValueOrDefault("changed") : 0;
        Ledger.Balance(Name, ("curated", curated.Count), ("traces", traces.Count), ("changed", changed));
        if (traces.Count == 0)
        {
            throw new ForgeException(new Problem(Run.Folder.Curated, $"holds no row to train on: {(curated.Count == 0 ? "the filters dropped all, or a person is still to judge them" : "a transform changed each, and what a teacher thought of the old text says nothing of the new")}.", "verdicts.parquet beside it has each row's reason. Loosen the filters, or ask for more rows."));
        }

        if (changed > 0)
        {
            Run.Progress.Say($"  {changed:N0} changed rows have no trace and are not trained on");
        }

        if (OtherTraces.ToList() is { Count: > 0 } others)
        {
            // A worker names itself by its file; the ensemble knows teachers by their identity, adapters included.
            traces = traces.ConvertAll(trace => trace with { Scorer = Run.IdentityOf(Run.Teachers[0]) });
            for (var i = 0; i < others.Count; i++)
            {
                var scorer = Run.IdentityOf(Run.Teachers[i + 1]);
                traces.AddRange(await TracesFile.ReadAsync(WantedRows.Shards(others[i]), cancellationToken).Where(trace => curated.Contains(trace.Id)).Select(trace => trace with { Scorer = scorer }).ToListAsync(cancellationToken));
            }
        }

        // What was tokenized here has the student's ids already.
        if (Run.LearnsFromTraces && Run.PrunedVocabulary() is { } tokens)
        {
            var pruned = new PrunedTraces(tokens);
            traces = traces.ConvertAll(trace => pruned.Of(trace) ?? throw new InvalidOperationException($"row {trace.Id} has a token that the vocabulary of its rows lacks"));
        }

        traces.Sort((a, b) => string.CompareOrdinal(a.Id, b.Id) is not 0 and var order ? order : string.CompareOrdinal(a.Scorer, b.Scorer));
        return traces;
    }

    /// <summary>The trainer knows what it does, the run knows for whom.</summary>
    sealed class Named(IProgressLog inner, string name) : IProgressLog
    {
        public bool ShowsColour => inner.ShowsColour;

        public void Say(string message) => inner.Say("  " + message);

        public void Report(string what, long done, long total, string unit, string detail = "") => inner.Report(name, done, total, unit, detail);
    }
}

/// <summary>Fills in what the recipe leaves open about the student's shape.</summary>
static class StudentShape
{
    public static ModelShape Of(StudentSettings student, Vocabulary vocabulary, string? teacherGguf, IReadOnlyList<TokenTrace> traces) => new()
    {
        Architecture = student.Architecture,
        Layers = student.Layers,
        Width = student.Width,
        Heads = student.Heads,
        KeyValueHeads = student.KvHeads ?? student.Heads,
        HeadSize = student.Width / student.Heads,
        // 8/3 of the width, as Llama: three matrices then cost what GPT-2's two of four times the width do.
        FeedForward = student.FeedForward ?? (student.Architecture == "gpt2" ? 4 * student.Width : (student.Width * 8 / 3 + 31) / 32 * 32),
        Vocabulary = vocabulary.Size,
        Context = student.Context ?? (teacherGguf is null ? Longest(traces) : Math.Max(Longest(traces), ContextOf(teacherGguf))),
        TiedEmbeddings = true,
    };

    static int Longest(IReadOnlyList<TokenTrace> traces) => Math.Max(256, (traces.Max(trace => trace.TokenIds.Length) + 63) / 64 * 64);

    static int ContextOf(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        return Math.Min(4096, GgufShape.Read(file).Context);
    }
}
