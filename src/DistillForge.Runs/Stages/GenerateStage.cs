using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>
/// The teachers answer every prompt that has no answer yet. An answer is on disk before it counts; a row that was answered in
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

    protected override IReadOnlyList<string> RecipeKeys => ["teacher", "teachers", "generate"];

    protected override IReadOnlyDictionary<string, string> Inputs => TeacherFiles.Of(Run).Append(new("prompts.parquet", Prompts)).ToDictionary(input => input.Key, input => input.Value);

    protected override IReadOnlyList<string> Outputs => [Path.Combine(part.Folder, "examples"), Path.Combine(part.Folder, "traces"), Path.Combine(part.Folder, "failures.parquet")];

    string Folder => Run.Folder.In(part.Folder);

    string Prompts => Path.Combine(Folder, "prompts.parquet");

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        TeacherFiles.CheckVocabularies(Run);
        await using var journal = await AnswerJournal.OpenAsync(Folder, cancellationToken);
        var wanted = await PromptsFile.ReadAsync([Prompts], cancellationToken).ToListAsync(cancellationToken);
        foreach (var dead in wanted.Where(prompt => prompt.Messages is [{ Content: Tombstones.Mark }] && !journal.Contains(prompt.Id)))
        {
            await journal.AppendAsync(Answer.Of(new Failure(dead.Id, Tombstones.Code, "the same question was taken down before")), cancellationToken);
        }

        var open = wanted.Where(prompt => !journal.Contains(prompt.Id)).ToList();
        if (open.Count < wanted.Count)
        {
            Run.Progress.Say($"  {wanted.Count - open.Count:N0} of {wanted.Count:N0} rows are answered already");
        }

        if (open.Count > 0)
        {
            await AnswerAsync(journal, open, wanted, cancellationToken);
        }

        return await CountAsync(await journal.CompactAsync(cancellationToken), wanted, cancellationToken);
    }

    async Task AnswerAsync(AnswerJournal journal, List<Prompt> open, List<Prompt> wanted, CancellationToken cancellationToken)
    {
        var known = await journal.CompactAsync(cancellationToken);
        using var budget = Budgets.Open(Run);
        var asking = new Asking(Run, journal, Name, wanted.Count, wanted.Count - open.Count);
        foreach (var source in Run.Teachers)
        {
            var mine = open.Where(prompt => prompt.Teacher is null || prompt.Teacher == source.DisplayName).ToList();
            if (mine.Count == 0)
            {
                continue;
            }

            await using var teacher = await ReadyTeacher.OpenAsync(Run, source, budget, cancellationToken);
            foreach (var (setting, value) in teacher.Settings)
            {
                Chosen[$"{source.DisplayName}.{setting}"] = value;
            }

            var left = await new EarlierAnswers(Run, source, teacher, asking).ReuseAsync(known, mine, wanted, cancellationToken);
            if (left.Count > 0)
            {
                await asking.AskAsync(teacher, source, await PendingAsync(journal, left, cancellationToken), cancellationToken);
            }
        }
    }

    // A turn may follow an answer of an earlier session.
    static async Task<OpenPrompts> PendingAsync(AnswerJournal journal, List<Prompt> open, CancellationToken cancellationToken)
    {
        var before = open.Where(prompt => prompt.After is { } after && journal.Contains(after)).Select(prompt => prompt.After!).ToHashSet();
        if (before.Count == 0)
        {
            return new OpenPrompts(open, new Dictionary<string, Example>(), new HashSet<string>());
        }

        var shards = await journal.CompactAsync(cancellationToken);
        var examples = await ExamplesFile.ReadAsync(shards.Examples, cancellationToken).Where(example => before.Contains(example.Id)).ToDictionaryAsync(example => example.Id, cancellationToken: cancellationToken);
        before.ExceptWith(examples.Keys);
        return new OpenPrompts(open, examples, before);
    }

    async Task<IReadOnlyDictionary<string, double>> CountAsync(JournalShards shards, List<Prompt> wanted, CancellationToken cancellationToken)
    {
        var ids = wanted.Select(prompt => prompt.Id).ToHashSet();
        var byAuthor = new SortedDictionary<string, int>(StringComparer.Ordinal);
        await foreach (var example in ExamplesFile.ReadAsync(shards.Examples, cancellationToken).Where(example => ids.Contains(example.Id)))
        {
            byAuthor[example.Author] = byAuthor.GetValueOrDefault(example.Author) + 1;
        }

        var failures = await FailuresFile.ReadAsync(shards.Failures, cancellationToken).CountAsync(failure => ids.Contains(failure.Id), cancellationToken);
        var examples = byAuthor.Values.Sum();
        Ledger.Balance(Name, ("prompts", ids.Count), ("examples", examples), ("failures", failures));
        var figures = new Dictionary<string, double> { ["prompts"] = ids.Count, ["examples"] = examples, ["failures"] = failures };
        foreach (var (author, count) in byAuthor.Where(_ => Run.Teachers.Count > 1))
        {
            figures[$"examples.{author}"] = count;
        }

        return figures;
    }
}
