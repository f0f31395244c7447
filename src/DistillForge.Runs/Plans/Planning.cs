using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;

namespace DistillForge.Runs;

/// <summary>Finds out what the open rows of a run would take: a local teacher is asked a few of them, an API is only calculated.</summary>
sealed class Planning(RunContext run)
{
    // What is charged for although nobody wrote it: the marks of a conversation.
    const int MarkTokensAMessage = 4;
    const double CharactersAToken = 3.5;

    public async Task<RunPlan> PlanAsync(IReadOnlyList<PlannedStage> stages, CancellationToken cancellationToken)
    {
        var judges = new JudgePlanning(run, stages);
        if (!run.HasTeacher)
        {
            var given = NamedJudge.Of(run).Count > 0 ? (await new DatasetStage(run).ReadAsync(cancellationToken)).Rows : [];
            List<PlannedTeacher> asked = [.. judges.Of(given.Count, 0, given.Count == 0 ? 0 : given.Average(row => PromptTokens(row.Prompt)))];
            return new RunPlan(run.Recipe.Name, stages, asked, 0, 0, [.. Limits(asked)]);
        }

        var teachers = new List<PlannedTeacher>();
        var disk = 0.0;
        var heldOut = 0L;
        if (run.Scores)
        {
            var rows = await new ScorePlanning(run).PlanAsync(cancellationToken);
            teachers.Add(rows.Teacher);
            (disk, heldOut) = (rows.DiskBytes, rows.HeldOut);
            teachers.AddRange(judges.Of(rows.Teacher.Rows - heldOut, heldOut, rows.Teacher.Open == 0 ? 0 : rows.Teacher.PromptTokens / rows.Teacher.Open));
        }
        else
        {
            TeacherFiles.CheckVocabularies(run);
            var (asked, aside) = await new PromptExpansion(run).ExpandAsync(cancellationToken);
            aside = run.LocalTeacher is null ? [] : aside;
            heldOut = aside.Count;
            var done = await KnownAsync([run.Folder.Path, run.Folder.In("held-out")], cancellationToken);
            foreach (var source in run.Teachers)
            {
                var mine = asked.Concat(aside).Where(prompt => prompt.Teacher is null || prompt.Teacher == source.DisplayName).ToList();
                var open = mine.Where(prompt => !done.Contains(prompt.Id)).ToList();
                var (planned, bytes) = source.Gguf is null ? Calculate(source, mine.Count, open) : await ProbeAsync(source, mine.Count, open, cancellationToken);
                teachers.Add(planned);
                disk += bytes;
            }

            teachers.AddRange(judges.Of(asked.Count, heldOut, asked.Count == 0 ? 0 : asked.Average(prompt => PromptTokens(prompt.Messages))));
        }

        return new RunPlan(run.Recipe.Name, stages, teachers, heldOut, disk, [.. Limits(teachers)]);
    }

    /// <summary>Rows that these folders' journals hold.</summary>
    public static async Task<HashSet<string>> KnownAsync(IReadOnlyList<string> folders, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>();
        foreach (var folder in folders.Where(folder => Directory.Exists(Path.Combine(folder, "journal"))))
        {
            // Opening it brings what was acknowledged into its shards, as the next run would.
            await using var journal = await AnswerJournal.OpenAsync(folder, cancellationToken);
            known.UnionWith(journal.Ids());
        }

        return known;
    }

    async Task<(PlannedTeacher, double Bytes)> ProbeAsync(TeacherSource source, int rows, List<Prompt> open, CancellationToken cancellationToken)
    {
        if (open.Count == 0)
        {
            return (new PlannedTeacher(source.DisplayName, rows, 0, 0, 0, 0, 0, "nothing is left to do"), 0);
        }

        await using var teacher = await ReadyTeacher.OpenAsync(run, source, null, cancellationToken);
        var probe = await Probe.MeasureAsync(run, teacher, open, cancellationToken);
        // Later turns carry the answers before them: what the user says is counted, and an answer for each turn that lies before.
        var turns = open.Average(prompt => prompt.Messages.Count(message => message.Role == "user") - 1.0);
        var prompts = open.Count * (probe.PromptTokens + (turns * probe.CompletionTokens));
        return (new PlannedTeacher(source.DisplayName, rows, open.Count, prompts, open.Count * probe.CompletionTokens, open.Count / probe.RowsPerSecond, 0, probe.Basis), open.Count * probe.BytesPerRow);
    }

    (PlannedTeacher, double Bytes) Calculate(TeacherSource source, int rows, List<Prompt> open)
    {
        var prompts = open.Sum(prompt => PromptTokens(prompt.Messages));
        double answers = (double)open.Count * run.Recipe.Generate.MaxTokens;
        var cost = PriceTable.Load().Find(source.Model!) is { } price ? price.Of((long)prompts, (long)answers) : (double?)null;
        double? byRequests = source.RequestsPerMinute is { } requests ? 60.0 * open.Count / requests : null;
        double? byTokens = source.TokensPerMinute is { } tokens ? 60.0 * (prompts + answers) / tokens : null;
        var seconds = byRequests is null ? byTokens : Math.Max(byRequests.Value, byTokens ?? 0);
        var capture = run.Recipe.Generate.ToCapture() is null || source.Tokenizer is null ? 0 : 64;
        return (new PlannedTeacher(source.DisplayName, rows, open.Count, prompts, answers, seconds, cost, $"an upper bound: {CharactersAToken:0.0} characters a token, and every answer as long as max_tokens; nothing was asked"),
            (answers * (4 + capture)) + (prompts * 4));
    }

    static double PromptTokens(IReadOnlyList<Message> messages) => messages.Sum(message => MarkTokensAMessage + (message.Content.Length / CharactersAToken));

    IEnumerable<string> Limits(List<PlannedTeacher> teachers)
    {
        var limits = run.Recipe.Budget;
        var tokens = teachers.Sum(teacher => teacher.PromptTokens + teacher.CompletionTokens);
        if (limits.MaxTokens is { } most && tokens > most)
        {
            yield return $"max_tokens ({most:N0}) would end this run before its end; about {tokens:N0} are needed";
        }

        if (limits.MaxHours is { } hours && teachers.Sum(teacher => teacher.Seconds ?? 0) > hours * 3600)
        {
            yield return FormattableString.Invariant($"max_hours ({hours:0.##}) would end this run before its end");
        }

        if (limits.MaxCostUsd is { } usd && teachers.Sum(teacher => teacher.CostUsd ?? 0) > usd)
        {
            yield return FormattableString.Invariant($"max_cost_usd ({usd:0.00}) could end this run before its end");
        }
    }
}
