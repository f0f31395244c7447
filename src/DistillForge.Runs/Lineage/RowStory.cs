using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs.Lineage;

/// <summary>A file of a student and how to know it again.</summary>
public sealed record StudentFile(string Stage, string Path, string Sha256);

/// <summary>Everything that a run folder says about one row.</summary>
/// <param name="Example">Null where the prompt got no answer.</param>
/// <param name="Failure">Why it got none.</param>
/// <param name="Verdicts">Of every filter, in the policy's order.</param>
/// <param name="IsCurated">It is among the rows that are trained on.</param>
/// <param name="Students">Checkpoints and GGUFs that were made of the curated rows as they are now; some rows of them are held out for validation.</param>
public sealed record RowStory(string Id, Example? Example, Failure? Failure, IReadOnlyList<JudgedRow> Verdicts, bool IsCurated, IReadOnlyList<StudentFile> Students)
{
    /// <summary>Files that <c>export</c> wrote with this row, or with what redaction or an edit made of it.</summary>
    public IReadOnlyList<ExportRecord> Exports { get; init; } = [];

    /// <summary>What language models said as judges of this row: a verdict that keeps a row does not name its grade.</summary>
    public IReadOnlyList<Judgement> Judgements { get; init; } = [];

    /// <summary>What people decided since the rows were filtered.</summary>
    public IReadOnlyList<Decision> Pending { get; init; } = [];

    const int ShortestPrefix = 6;

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };

    /// <param name="row">Its id, or the beginning of it.</param>
    /// <exception cref="ForgeException">There is no such row, or more than one.</exception>
    public static async Task<RowStory> TellAsync(string row, string runFolder, CancellationToken cancellationToken)
    {
        if (row.Length < ShortestPrefix)
        {
            throw new ForgeException(new Problem("ROW", $"'{row}' is too short.", $"Give {ShortestPrefix} characters of the id or more."));
        }

        var examples = await Matching(ExamplesFile.ReadAsync([.. WantedRows.Shards(Path.Combine(runFolder, "examples")), .. WantedRows.Shards(Path.Combine(runFolder, "held-out", "examples"))], cancellationToken), example => example.Id).ToListAsync(cancellationToken);
        var failures = await Matching(FailuresFile.ReadAsync(Existing("failures.parquet", Path.Combine("held-out", "failures.parquet")), cancellationToken), failure => failure.Id).ToListAsync(cancellationToken);
        string[] ids = [.. examples.Select(example => example.Id).Concat(failures.Select(failure => failure.Id)).Distinct()];
        if (ids.Length == 0 && Tombstones.Of(runFolder).Find(row) is { } dead)
        {
            return new RowStory(dead.Id, null, new Failure(dead.Id, Tombstones.Code, $"by {dead.Record.By} on {dead.Record.Time:u}: {dead.Record.Reason}"), [], false, []) { Exports = ExportLog.Holding(runFolder, new HashSet<string> { dead.Id }) };
        }

        if (ids.Length != 1)
        {
            throw new ForgeException(new Problem("ROW", ids.Length == 0 ? $"'{row}' is no row of {runFolder}." : $"'{row}' begins {ids.Length} rows: {string.Join(", ", ids.Take(3).Select(id => id[..Math.Min(12, id.Length)]))}, …", "distillforge sql \"select id from examples\" --run RUN lists them."));
        }

        var verdicts = await VerdictsFile.ReadAsync(Existing("verdicts.parquet"), cancellationToken).Where(verdict => verdict.Id == ids[0]).OrderBy(verdict => verdict.Order).ToListAsync(cancellationToken);
        var curated = await ExamplesFile.ReadAsync(Existing("curated.parquet"), cancellationToken).AnyAsync(example => example.Id == ids[0], cancellationToken);
        var known = verdicts.Select(verdict => GoesOnAs(verdict.Verdict.Reason)).OfType<string>().Append(ids[0]).ToHashSet();
        return new RowStory(ids[0], examples.FirstOrDefault(), failures.FirstOrDefault(), verdicts, curated, curated ? [.. Made(runFolder)] : []) { Exports = ExportLog.Holding(runFolder, known), Judgements = JudgementFile.About(runFolder, ids[0]), Pending = [.. DecisionLog.All(runFolder).Where(decision => decision.Id == ids[0] && !verdicts.Exists(verdict => verdict.Filter == Decisions.Filter && verdict.Verdict.Reason!.Detail.EndsWith(decision.ToVerdict().Reason!.Detail.Split("goes on as row , ")[^1], StringComparison.Ordinal)))] };

        IAsyncEnumerable<T> Matching<T>(IAsyncEnumerable<T> rows, Func<T, string> id) => rows.Where(one => id(one).StartsWith(row, StringComparison.Ordinal));

        string[] Existing(params string[] names) => [.. names.Select(name => Path.Combine(runFolder, name)).Where(File.Exists)];
    }

    public string ToJson() => JsonSerializer.Serialize(this with { Example = Example is null ? null : Example with { Trace = null } }, Json);

    /// <summary>For the terminal; control characters of foreign text are made harmless.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"row        {Id}";
        if (Example is { } example)
        {
            foreach (var message in example.Prompt.Concat(example.Completion))
            {
                yield return $"{message.Role,-10} {TerminalText.OnOneLine(message.Content)}";
            }

            yield return $"answered   by {TerminalText.OnOneLine(example.Author)}{(example.AuthorSha256 is { } sha ? $", sha256 {sha}" : "")}; license {example.License ?? "unknown"}{(example.Terms is { } terms ? $", terms {TerminalText.OnOneLine(terms)}" : "")}";
            yield return $"sampled    {(example.Sampling.Length > 0 ? TerminalText.OnOneLine(example.Sampling) : "not: given text")}; seed {example.Seed}; {example.CompletionTokens} tokens, {example.FinishReason}";
            yield return $"source     {TerminalText.OnOneLine(example.Source)}{(example.Category is { } category ? $", category {TerminalText.OnOneLine(category)}" : "")}{(example.Expected is { } expected ? $"; expected {TerminalText.OnOneLine(expected)}" : "")}";
        }

        if (Failure is { } failure)
        {
            yield return $"failed     {failure.Code}: {TerminalText.OnOneLine(failure.Detail)}";
        }

        foreach (var judged in Verdicts)
        {
            yield return $"judged     {judged.Verdict.Action.ToString().ToLowerInvariant(),-6} by {judged.Filter}{(judged.Version.Length > 0 ? "@" + judged.Version : "")}{(judged.Verdict.Reason is { } reason ? $": {reason.Code}, {TerminalText.OnOneLine(reason.Detail)}" : "")}";
        }

        foreach (var judgement in Judgements)
        {
            yield return $"graded     {(judgement.Choice is [>= '1' and <= '5'] ? $"{judgement.Score:0.##} of {Rubric.Best}" : $"'{judgement.Choice}', beside another answer")}{(judgement.Reason is { Length: > 0 } said ? $": {TerminalText.OnOneLine(said)}" : "")}";
        }

        foreach (var decision in Pending)
        {
            yield return $"decided    {decision.Kind.ToString().ToLowerInvariant()} {TerminalText.OnOneLine(decision.ToVerdict().Reason!.Detail.Split("goes on as row , ")[^1])}; 'distillforge filter RECIPE' has yet to apply it";
        }

        yield return IsCurated ? "outcome    curated: it may be trained on" : Failure is not null ? "outcome    no answer" : Verdicts.Count == 0 ? "outcome    not judged (a held-out row, or the filters did not run yet)" : Awaits ? "outcome    awaits a person: nobody trains on it until it is approved" : Changed is { } other ? $"outcome    goes on as row {other}" : "outcome    dropped: nobody trains on it";
        foreach (var student in Students)
        {
            yield return $"student    {student.Path} ({student.Stage}), sha256 {student.Sha256}";
        }

        foreach (var export in Exports)
        {
            yield return $"exported   {export}";
        }
    }

    // As the pipeline decides it.
    bool Awaits => Verdicts.Any(judged => judged.Verdict.Action == FilterAction.Review) && !Verdicts.Any(judged => judged.Verdict.Action == FilterAction.Drop || (judged.Filter == Decisions.Filter && judged.Verdict.Reason?.Code != "comment"));

    string? Changed => Verdicts.Any(judged => judged.Verdict.Action == FilterAction.Drop && judged.Filter is Decisions.Filter or "terms") ? null : Verdicts.Select(judged => GoesOnAs(judged.Verdict.Reason)).LastOrDefault(id => id is not null);

    /// <summary>The id under which a changed or edited row goes on, as its verdict says it.</summary>
    internal static string? GoesOnAs(Reason? reason) => reason?.Code is "changed" or "edited" ? reason.Detail.Split("goes on as row ", 2)[^1].Split(',')[0] : null;

    // What training keeps beside a student's weights to go on from: nobody answers with it.
    static readonly string[] NoStudents = ["optimizer.safetensors", "projections.safetensors"];

    // A student counts while the curated rows that it was trained on are those that lie there.
    internal static IEnumerable<StudentFile> Made(string runFolder)
    {
        var curated = Manifest.TryRead(runFolder, "filter")?.Outputs.GetValueOrDefault("curated.parquet");
        foreach (var stage in new[] { "train", "baseline" })
        {
            if (curated is null || Manifest.TryRead(runFolder, stage) is not { } trained || trained.Inputs.GetValueOrDefault("curated.parquet") != curated)
            {
                continue;
            }

            foreach (var (path, hash) in trained.Outputs.Where(output => output.Key.EndsWith(".safetensors", StringComparison.Ordinal) && !NoStudents.Contains(Path.GetFileName(output.Key))))
            {
                yield return new StudentFile(stage, path, hash);
            }

            foreach (var (path, hash) in stage == "train" ? Manifest.TryRead(runFolder, "package")?.Outputs.Where(output => output.Key.EndsWith(".gguf", StringComparison.Ordinal)) ?? [] : [])
            {
                yield return new StudentFile("package", path, hash);
            }
        }
    }
}
