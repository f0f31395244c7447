using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Teachers;

namespace DistillForge.Runs.Stages;

/// <summary>
/// The teacher answers every prompt that has no answer yet. An answer is on disk before it counts; a row that was answered in
/// an earlier run, or before a kill, is never asked again.
/// </summary>
/// <param name="part">Which prompts: the run's own, or those that are held out.</param>
sealed class GenerateStage(RunContext run, GenerateStage.Part part) : Stage(run)
{
    /// <param name="Folder">Relative to the run folder.</param>
    internal sealed record Part(string Name, string Folder, string Command)
    {
        public static Part Training { get; } = new("generate", "", "generate");

        public static Part HeldOut { get; } = new("held-out", "held-out", "generate");
    }

    public override string Name => part.Name;

    public override string Command => part.Command;

    protected override IReadOnlyList<string> RecipeKeys => ["teacher", "generate"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        ["prompts.parquet"] = Prompts,
        ["teacher"] = Run.TeacherGguf,
    };

    protected override IReadOnlyList<string> Outputs => [Path.Combine(part.Folder, "examples"), Path.Combine(part.Folder, "traces"), Path.Combine(part.Folder, "failures.parquet")];

    string Folder => Run.Folder.In(part.Folder);

    string Prompts => Path.Combine(Folder, "prompts.parquet");

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var journal = await AnswerJournal.OpenAsync(Folder, cancellationToken);
        var wanted = await PromptsFile.ReadAsync([Prompts], cancellationToken).ToListAsync(cancellationToken);
        var open = wanted.Where(prompt => !journal.Contains(prompt.Id)).ToList();
        if (open.Count < wanted.Count)
        {
            Run.Progress.Say($"  {wanted.Count - open.Count:N0} of {wanted.Count:N0} rows are answered already");
        }

        if (open.Count > 0)
        {
            await AnswerAsync(journal, open, wanted.Count, cancellationToken);
        }

        var shards = await journal.CompactAsync(cancellationToken);
        var ids = wanted.Select(prompt => prompt.Id).ToHashSet();
        var examples = await ExamplesFile.ReadAsync(shards.Examples, cancellationToken).CountAsync(example => ids.Contains(example.Id), cancellationToken);
        var failures = await FailuresFile.ReadAsync(shards.Failures, cancellationToken).CountAsync(failure => ids.Contains(failure.Id), cancellationToken);
        Ledger.Balance(Name, ("prompts", ids.Count), ("examples", examples), ("failures", failures));
        return new Dictionary<string, double> { ["prompts"] = ids.Count, ["examples"] = examples, ["failures"] = failures };
    }

    async Task AnswerAsync(AnswerJournal journal, List<Prompt> open, int total, CancellationToken cancellationToken)
    {
        await using var model = await Run.OpenTeacherAsync(cancellationToken);
        var teacher = new LocalTeacher(new(Run.TeacherName, model.Sha256, Run.Teacher.License, Run.Teacher.Terms, model.Dialogue.Template.Fingerprint, model.Parallel * 2), model, Run.Recipe.Generate.ToSampling());
        var (done, failed, tokens, start) = (total - open.Count, 0, 0L, Run.Clock.GetTimestamp());
        var written = new Queue<Task<bool>>();
        await foreach (var answer in teacher.AnswerAsync(Feed(open, cancellationToken), cancellationToken))
        {
            // Many appends share one fsync; the queue bounds what is not yet on disk.
            written.Enqueue(journal.AppendAsync(answer, cancellationToken));
            if (written.Count > 256)
            {
                await written.Dequeue();
            }

            failed += answer.Failure is null ? 0 : 1;
            tokens += answer.Example?.CompletionTokens ?? 0;
            Run.Progress.Report(Name, ++done, total, "rows", $"{tokens / Math.Max(0.001, Run.Clock.GetElapsedTime(start).TotalSeconds):N0} tokens/s{(failed > 0 ? $", {failed} failed" : "")}");
        }

        await Task.WhenAll(written);
    }

    static async IAsyncEnumerable<Prompt> Feed(List<Prompt> prompts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var prompt in prompts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.CompletedTask;
            yield return prompt;
        }
    }
}
