using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;

namespace DistillForge.Runs.Stages;

/// <summary>
/// A teacher reads answers that exist, whoever gave them, and says what it thinks of every token: the same traces as of its own answers. Safe
/// once acknowledged, as answers are; a row that was scored is not scored again.
/// </summary>
/// <param name="part">Which rows: the run's own, or those that are held out.</param>
/// <param name="number">Which teacher, from 0.</param>
sealed class ScoreStage(RunContext run, ScoreStage.Part part, int number = 0) : Stage(run)
{
    /// <param name="Folder">Relative to the run folder.</param>
    internal sealed record Part(string Name, string Folder)
    {
        public static Part Training { get; } = new("score", "");

        public static Part HeldOut { get; } = new("score-held-out", "held-out");
    }

    public override string Name => number == 0 ? part.Name : $"{part.Name}-{number + 1}";

    public override string Command => "generate";

    protected override IReadOnlyList<string> RecipeKeys => Run.IsEnsemble ? ["teachers", "generate"] : ["teacher", "generate"];

    protected override IReadOnlyDictionary<string, string> Inputs => TeacherFiles.Of(Run).Append(new("examples", Examples)).ToDictionary(input => input.Key, input => input.Value);

    protected override IReadOnlyList<string> Outputs => [Path.GetRelativePath(Run.Folder.Path, Path.Combine(Folder, "traces")), Path.GetRelativePath(Run.Folder.Path, Path.Combine(Folder, "failures.parquet"))];

    string Examples => Path.Combine(Run.Folder.In(part.Folder), "examples");

    string Folder => Run.ScoresOf(part.Folder, Teacher);

    TeacherSource Teacher => Run.Teachers[number];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var journal = await AnswerJournal.OpenAsync(Folder, cancellationToken);
        var files = WantedRows.Shards(Examples);
        var ids = await ExamplesFile.ReadAsync(files, cancellationToken).Select(example => example.Id).ToHashSetAsync(cancellationToken: cancellationToken);
        var known = ids.Count(journal.Contains);
        if (known > 0)
        {
            Run.Progress.Say($"  {known:N0} of {ids.Count:N0} rows are scored already");
        }

        if (known < ids.Count)
        {
            var asking = new Asking(Run, journal, Name, ids.Count, known);
            await using var model = await Run.OpenScorerAsync(Teacher, cancellationToken);
            foreach (var (setting, value) in model.Settings)
            {
                Chosen[$"{Teacher.DisplayName}.{setting}"] = value;
            }

            var open = ExamplesFile.ReadAsync(files, cancellationToken).Where(example => !journal.Contains(example.Id));
            await foreach (var answer in Scoring.ScoreAsync(model, Run.Recipe.Generate.ToCapture() ?? new Want.Head(), open, 2 * model.Parallel, cancellationToken))
            {
                await asking.AddAsync(answer, cancellationToken);
            }

            await asking.FlushAsync();
        }

        return await CountAsync(await journal.CompactAsync(cancellationToken), ids, cancellationToken);
    }

    async Task<IReadOnlyDictionary<string, double>> CountAsync(JournalShards shards, HashSet<string> ids, CancellationToken cancellationToken)
    {
        var (scored, tokens, sum) = (0L, 0L, 0.0);
        await foreach (var trace in TracesFile.ReadAsync(shards.Traces, cancellationToken).Where(trace => ids.Contains(trace.Id)))
        {
            scored++;
            tokens += trace.CompletionLength;
            sum += trace.TokenLogprobs.Sum(value => (double)value);
        }

        var failures = await FailuresFile.ReadAsync(shards.Failures, cancellationToken).CountAsync(failure => ids.Contains(failure.Id), cancellationToken);
        Ledger.Balance(Name, ("examples", ids.Count), ("scored", scored), ("failures", failures));
        if (ids.Count > 0)
        {
            Run.Progress.Say($"  {scored:N0} rows scored, {failures:N0} failed; {-sum / Math.Max(1, tokens):0.000} nats a token");
        }

        return new Dictionary<string, double> { ["examples"] = ids.Count, ["scored"] = scored, ["failures"] = failures, ["tokens"] = tokens, ["nats_per_token"] = Math.Round(-sum / Math.Max(1, tokens), 6) };
    }
}

/// <summary>Reads answers with a model that did not give them.</summary>
static class Scoring
{
    /// <summary>Every row once, in order: with its trace, or a failure.</summary>
    public static async IAsyncEnumerable<Answer> ScoreAsync(LlamaModel model, Want.Head capture, IAsyncEnumerable<Example> rows, int inFlight, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var flight = new Queue<Task<Answer>>();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            flight.Enqueue(ScoreAsync(model, capture, row, cancellationToken));
            if (flight.Count >= inFlight)
            {
                yield return await flight.Dequeue();
            }
        }

        while (flight.TryDequeue(out var next))
        {
            yield return await next;
        }
    }

    static async Task<Answer> ScoreAsync(LlamaModel model, Want.Head capture, Example row, CancellationToken cancellationToken)
    {
        try
        {
            var sequence = await Task.Run(() => model.Dialogue.Sequence(row.Prompt, row.Text), cancellationToken);
            var trace = await model.ScoreAsync(sequence, capture, cancellationToken);
            return Answer.Of(row with { Trace = trace with { Id = row.Id } });
        }
        catch (CompletionFailedException failure)
        {
            return Answer.Of(new Failure(row.Id, failure.Code, failure.Message));
        }
    }
}
