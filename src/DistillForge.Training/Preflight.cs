using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training;

/// <summary>Everything that can be known to go wrong is said, all at once, before any work starts.</summary>
public static class Preflight
{
    /// <exception cref="ForgeException">The plan or the rows are unfit.</exception>
    public static void Check(TrainingPlan plan, IReadOnlyList<TokenTrace> traces, Corpus corpus, IReadOnlyList<WeightedLoss> losses, IReadOnlyList<WeightedRepresentation>? inner = null, ModelShape? teacher = null, IReadOnlyList<WeightedPreference>? preferences = null)
    {
        Problem[] problems =
        [
            .. Numbers(plan),
            .. plan.Shape.Check().Select(fault => new Problem($"student.{fault.Property}", fault.What)),
            .. Rows(plan, traces),
            .. Masks(plan, corpus),
            .. HeldOut(plan, corpus),
            .. Memory(plan, corpus, teacher),
            .. losses.SelectMany(term => term.Loss.Check(corpus.Contents)),
            .. losses.SelectMany(term => Tokens(term, corpus.Contents)),
            .. (inner ?? []).SelectMany(term => term.Loss.NeedsTeacher && teacher is null ? [NoTeacher(term.Name)] : term.Loss.Check(plan.Shape, teacher, corpus.Contents)),
            .. plan.OnPolicy?.Check() ?? [],
            .. plan.OnPolicy is not null && losses.All(term => term.Loss.LearnsFromLabels) ? [new Problem("train.on_policy", "lets the student answer, and no loss asks what the teacher thinks of it.", "Add a divergence, e.g. reverse-kl or jsd.")] : Array.Empty<Problem>(),
            .. plan is { OnPolicy: not null, Ensemble: not null } ? [new Problem("train.on_policy", "takes one teacher.", "Remove it, or leave the others out.")] : Array.Empty<Problem>(),
            .. preferences is { Count: > 0 } ? Pairs(plan, corpus, preferences) : [],
            .. losses.Count == 0 && preferences is not { Count: > 0 } ? [new Problem("train.losses", "say nothing about tokens, so the vocabulary projection would never learn.", "Add cross-entropy or forward-kl.")] : Array.Empty<Problem>(),
        ];
        if (problems.Length > 0)
        {
            throw new ForgeException("training", problems);
        }
    }

    const string Always = "|0|Cosine|0.1|0.2|0|0|Last|0|False";

    /// <summary>Names plan and rows; a checkpoint of another name is not continued.</summary>
    public static string Fingerprint(TrainingPlan plan, IReadOnlyList<TokenTrace> traces, IReadOnlyList<string> losses)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant(
            $"{plan.Shape}|{plan.Vocabulary.Fingerprint}|{string.Join(';', losses)}|{plan.Seed}|{plan.Epochs}|{plan.Steps}|{plan.TokensPerBatch}|{plan.LearningRate:R}|{plan.WarmupFraction:R}|{plan.WeightDecay:R}|{plan.Clip:R}|{plan.Precision}|{plan.ValidationShare:R}|{traces.Count}")));
        // Named only where they differ from what was always done.
        var later = FormattableString.Invariant($"|{plan.MicroBatch}|{plan.Schedule}|{plan.FinalRate:R}|{plan.DecayFraction:R}|{plan.ValidateEvery}|{plan.Patience}|{plan.Keep}|{plan.Ema:R}|{plan.Packing}");
        hash.AppendData(Encoding.UTF8.GetBytes(later == Always ? "" : later));
        if (plan.Ensemble is { } ensemble)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"|{string.Join(';', ensemble.Scorers)}|{string.Join(';', ensemble.Weights)}|{ensemble.Mix}")));
        }

        foreach (var id in plan.ValidationIds?.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>())
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"|held out {id}"));
        }

        foreach (var trace in plan.Rejected ?? [])
        {
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"|rejected {trace.Id}|{trace.PromptLength}")));
            hash.AppendData(MemoryMarshal.AsBytes(trace.TokenIds.AsSpan()));
        }

        if (plan.Start is { } start)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(start.Identity));
        }

        if (plan.Teacher is { } gguf)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"|{Sha256.OfFile(gguf)}|{plan.OnlineTargets}")));
        }

        if (plan.OnPolicy is { } own)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"|{own.Fraction:R}|{own.MaxTokens}|{own.Temperature:R}")));
        }

        if (plan.Embedding is { } embedding)
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(embedding.ToArray()));
        }

        foreach (var trace in traces)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{trace.Id}|{trace.PromptLength}|{trace.TokenIds.Length}|{trace.HeadIds.Length}")));
            hash.AppendData(MemoryMarshal.AsBytes(trace.TokenIds.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.LossMask.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.HeadSizes.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.HeadIds.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(trace.HeadLogprobs.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes((trace.HeadDraws?.Counts ?? []).AsSpan()));
            // Heads stay what they are when only more draws, or another temperature, are asked for.
            foreach (var tail in trace.TailLogSums)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"|{tail.Temperature:R}")));
                hash.AppendData(MemoryMarshal.AsBytes(tail.Values.AsSpan()));
            }

            foreach (var tail in trace.TailSamples)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"|{tail.Temperature:R} {tail.Ids.Length}")));
                hash.AppendData(MemoryMarshal.AsBytes(tail.Ids.AsSpan()));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What is about to happen, in a line.</summary>
    /// <param name="trained">Parameters that training may change.</param>
    /// <param name="teacher">At hand; null where there is none.</param>
    public static string Summary(TrainingPlan plan, Corpus corpus, long steps, long trained, ModelShape? teacher = null)
    {
        var epochs = Epochs(plan, corpus);
        var reading = teacher is null ? "" : $", {Amount(Operations(plan, corpus, teacher) - Operations(plan, corpus))} of it for the teacher to read along";
        return FormattableString.Invariant(
            $"{plan.Shape.Parameters:N0} parameters{(trained == plan.Shape.Parameters ? "" : FormattableString.Invariant($", {trained:N0} of adapters beside them are trained"))}; {corpus.Training.Count:N0} rows to train on, {corpus.Validation.Count:N0} held out; {steps:N0} steps, {epochs * corpus.Tokens:N0} tokens of which {epochs * corpus.TrainedTokens:N0} are trained; about {Amount(Operations(plan, corpus, teacher))}{reading}");
    }

    /// <summary>What it takes, in a line.</summary>
    /// <param name="peak">Floating-point operations a second; null where it was not worth measuring.</param>
    /// <param name="teacher">At hand; null where there is none.</param>
    public static string Cost(TrainingPlan plan, Corpus corpus, double? peak, ModelShape? teacher = null)
    {
        // What small students reach of the peak (src/decisions/training.md).
        const double Reached = 0.5;
        var time = peak is { } known ? FormattableString.Invariant($"; about {TimeSpan.FromSeconds(Math.Round(Operations(plan, corpus, teacher) / known / Reached)):c}, if half of this machine's {known / 1e9:N0} GFLOP/s are reached") : "";
        return FormattableString.Invariant($"about {Bytes(plan, corpus, teacher) / 1e9:N2} GB of memory{time}");
    }

    /// <summary>A row as the student sees it, and what of it is trained.</summary>
    public static string Example(TrainingPlan plan, Corpus corpus, bool colour)
        => $"row {corpus.Training[0].Trace.Id}, what is trained {(colour ? "in green" : "in ⟦brackets⟧")}:\n    {ShownExample.Of(corpus.Training[0], plan.Vocabulary, colour)}";

    /// <summary>Floating-point operations of the whole run, about.</summary>
    /// <param name="teacher">At hand, and reads every batch.</param>
    internal static double Operations(TrainingPlan plan, Corpus corpus, ModelShape? teacher = null)
    {
        var length = corpus.Training.Count == 0 ? 0 : (double)corpus.Tokens / corpus.Training.Count;
        var reading = teacher is null ? 0 : StepCost.ReadingOperations(teacher, corpus.Tokens, corpus.TrainedTokens, length);
        return Epochs(plan, corpus) * (StepCost.Operations(plan.Shape, corpus.Tokens, corpus.TrainedTokens, length) + reading);
    }

    static string Amount(double operations)
        => operations < 1e12 ? FormattableString.Invariant($"{operations / 1e9:N0} GFLOP") : FormattableString.Invariant($"{operations / 1e12:N1} TFLOP");

    static double Bytes(TrainingPlan plan, Corpus corpus, ModelShape? teacher)
        => StepCost.Bytes(plan, corpus.Training.Count == 0 ? 0 : corpus.Training.Max(row => row.Length)) + (teacher is null ? 0 : StepCost.ReadingBytes(teacher, plan.Precision));

    static double Epochs(TrainingPlan plan, Corpus corpus) => plan.Steps > 0 ? (double)plan.Steps * plan.TokensPerBatch / Math.Max(1, corpus.Tokens) : plan.Epochs;

    // Half of it at least must fit: the figure is a rough one.
    static IEnumerable<Problem> Memory(TrainingPlan plan, Corpus corpus, ModelShape? teacher)
        => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes is > 0 and var there && Bytes(plan, corpus, teacher) / 2 > there
            ? [new Problem("train.tokens_per_batch", FormattableString.Invariant($"and a student of {plan.Shape.Parameters:N0} parameters take about {Bytes(plan, corpus, teacher) / 1e9:N1} GB, and this machine has {there / 1e9:N1} GB."), "Write a train.micro_batch of fewer tokens, or take a smaller student.")]
            : [];

    static Problem NoTeacher(string loss)
        => new(loss, "compares the student's inside with its teacher's, and no teacher is at hand.", "Take a GGUF teacher of an architecture that is trained here, and its vocabulary; or remove the loss.");

    static IEnumerable<Problem> Pairs(TrainingPlan plan, Corpus corpus, IReadOnlyList<WeightedPreference> preferences)
    {
        var name = preferences[0].Name;
        var rows = corpus.Training.Concat(corpus.Validation).ToArray();
        if (rows.Count(row => row.Rejected is not { Trained.Length: > 0 }) is > 0 and var alone)
        {
            yield return new Problem(name, $"compares a chosen answer with a rejected one, and {alone} of {rows.Length} rows have none that fits into the context.", "Give rows with 'prompt', 'chosen' and 'rejected', or raise student.context.");
        }

        if (plan.Start is null)
        {
            yield return new Problem(name, "compares the student with what it started from, and this one starts from chance.", "Start from a model that can answer already, e.g. 'student: { gguf: path }'.");
        }

        if (plan.OnPolicy is not null)
        {
            yield return new Problem("train.on_policy", $"gives answers that nobody preferred, and '{name}' learns from pairs.", "Remove one of them.");
        }
    }

    static IEnumerable<Problem> Tokens(WeightedLoss term, TraceContents contents) => term.Tokens is not { } tokens ? []
        : !contents.Scored && !contents.Full ? [new Problem($"{term.Name}.tokens", "weighs tokens by a teacher's log-probabilities, and some rows have none.", "Remove it, or score the rows first.")]
        : tokens.Check();

    static IEnumerable<Problem> Numbers(TrainingPlan plan)
    {
        (string Key, bool Fits, string Must)[] rules =
        [
            ("epochs", plan.Epochs >= 1 || plan.Steps > 0, "must be 1 or more"),
            ("steps", plan.Steps >= 0, "must be 0 (as the epochs say) or more"),
            ("tokens_per_batch", plan.TokensPerBatch >= 1, "must be 1 or more"),
            ("learning_rate", plan.LearningRate > 0 && double.IsFinite(plan.LearningRate), "must be above 0"),
            ("warmup", plan.WarmupFraction is >= 0 and <= 1, "must be 0 to 1, a share of the steps"),
            ("final_rate", plan.FinalRate is >= 0 and <= 1, "must be 0 to 1, a share of the learning rate"),
            ("decay", plan.DecayFraction is > 0 and <= 1, "must be above 0 and up to 1, a share of the steps"),
            ("micro_batch", plan.MicroBatch >= 0, "must be 0 (the whole step at once) or more"),
            ("validate_every", plan.ValidateEvery >= 0, "must be 0 (after each epoch) or more"),
            ("patience", plan.Patience >= 0, "must be 0 (train to the end) or more"),
            ("ema", plan.Ema is >= 0 and < 1, "must be 0 (none) or more and below 1"),
            ("weight_decay", plan.WeightDecay is >= 0 and < 1e3, "must be 0 or more"),
            ("clip", plan.Clip > 0, "must be above 0"),
            ("validation", plan.ValidationShare is >= 0 and < 1, "must be 0 or more and below 1"),
            ("checkpoint_every", plan.CheckpointEvery >= 1, "must be 1 or more"),
            ("threads", plan.Threads >= 0, "must be 0 (as many as there are processors) or more"),
            ("losses", plan.Losses.Count > 0 && plan.Losses.All(term => term.Share.IsValid && term.Share.Highest > 0), "must name at least one loss, each with a weight above 0"),
            ("embedding", plan.Embedding is null || plan.Embedding.Count == (long)plan.Shape.Vocabulary * plan.Shape.Width, $"must have {plan.Shape.Vocabulary} rows of {plan.Shape.Width}"),
            ("student.vocabulary", plan.Shape.Vocabulary == plan.Vocabulary.Size, $"must have as many rows as the vocabulary has tokens: {plan.Vocabulary.Size}"),
        ];
        return rules.Where(rule => !rule.Fits).Select(rule => new Problem($"train.{rule.Key}".Replace("train.student", "student", StringComparison.Ordinal), $"{rule.Must}."));
    }

    // The first row of a kind is shown: a thousand rows are usually wrong in one way.
    static IEnumerable<Problem> Rows(TrainingPlan plan, IReadOnlyList<TokenTrace> traces)
    {
        var foreign = traces.FirstOrDefault(trace => trace.Vocabulary != plan.Vocabulary.Fingerprint);
        if (foreign is not null)
        {
            yield return new Problem($"row {foreign.Id}", $"belongs to vocabulary {foreign.Vocabulary}, the student has {plan.Vocabulary.Fingerprint}.", "Give the student the teacher's vocabulary (student.vocabulary: teacher), or tokenize the text again.");
        }

        var malformed = traces.Select(trace => (trace.Id, What: trace.Check())).FirstOrDefault(row => row.What is not null);
        if (malformed.What is not null)
        {
            yield return new Problem($"row {malformed.Id}", malformed.What);
        }

        var size = plan.Vocabulary.RealSize;
        bool Outside(int id) => id < 0 || id >= size;
        var outside = traces.FirstOrDefault(trace => trace.TokenIds.Any(Outside) || trace.HeadIds.Any(Outside) || trace.TailSamples.Any(tail => tail.Ids.Any(id => id >= size)));
        if (outside is not null)
        {
            yield return new Problem($"row {outside.Id}", $"has a token id outside the vocabulary of {size}.");
        }
    }

    // Nothing to be measured on.
    static IEnumerable<Problem> HeldOut(TrainingPlan plan, Corpus corpus)
        => corpus.Validation.Count > 0 || (plan.Patience == 0 && plan.Keep == KeptWeights.Last) ? [] :
            [new Problem(plan.Patience > 0 ? "train.patience" : "train.keep", "looks at held-out rows, and there are none.", "Raise train.validation, or remove it.")];

    static IEnumerable<Problem> Masks(TrainingPlan plan, Corpus corpus)
    {
        var rows = corpus.Training.Concat(corpus.Validation).ToArray();
        if (corpus.Training.Count == 0)
        {
            yield return new Problem("rows", corpus.Validation.Count == 0 ? "there is no token to train on." : "all are held out for validation.", "Check the filters and the loss masks, or lower train.validation.");
            yield break;
        }

        if (rows.All(row => row.Trained.Length == row.Trace.TokenIds.Length - 1 && row.Trace.PromptLength > 1))
        {
            yield return new Problem("rows", "every token is trained, the prompts too.", "The loss mask covers completions only.");
        }

        int?[] ends = [plan.Vocabulary.Eos, plan.Vocabulary.Eot];
        if (!corpus.Training.Exists(row => row.Trained.Any(i => ends.Contains(row.Trace.TokenIds[row.Trace.PromptLength + i]))))
        {
            yield return new Problem("rows", "no row trains the end-of-sequence token, so the student would never stop.", "Where answers were cut off, raise generate.max_tokens (or student.context); else complete them with it.");
        }
    }
}
