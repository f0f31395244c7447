using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;

namespace DistillForge.Runs.Judging;

/// <summary>The judges of a run. One is opened when its first question comes that has no answer in the run folder.</summary>
/// <param name="mayAsk">False: what was judged before is all there is.</param>
sealed class Judges(RunContext run, bool mayAsk) : IJudgeSource, IAsyncDisposable
{
    readonly List<ConsultedTeacher> teachers = [];
    readonly Dictionary<string, JudgementFile> files = [];

    // One for all: two that read the same file would each spend what is left.
    readonly Lazy<BudgetMeter?> budget = new(() => Budgets.Open(run));

    public ModelJudge Open(Rubric rubric, TeacherSource? by, string? teacher)
    {
        var source = SourceOf(run, by, teacher);
        var identity = run.IdentityOf(source);
        if (!files.TryGetValue(identity, out var file))
        {
            files[identity] = file = new JudgementFile(run.Folder.Path, identity);
        }

        var consulted = new ConsultedTeacher(run, source, identity, budget);
        teachers.Add(consulted);
        return new ModelJudge(rubric, consulted, file, mayAsk);
    }

    /// <exception cref="ForgeException">The recipe has no such teacher.</exception>
    public static TeacherSource SourceOf(RunContext run, TeacherSource? by, string? teacher)
        => by ?? (teacher is null ? run.Teachers.Count > 0 ? run.Teachers[0] : null : run.Teachers.FirstOrDefault(source => source.DisplayName == teacher))
            ?? throw new ForgeException(run.Recipe.Path, [teacher is null
                ? new Problem("judge", "has nobody to ask: the recipe has no teacher.", "Name a judge, 'by: { gguf: path }' or 'by: { api: …, model: … }'.")
                : new Problem("judge.teacher", $"'{teacher}' is no teacher of the recipe.", NearName.Suggest(teacher, run.Teachers.Select(source => source.DisplayName)) ?? $"Known: {string.Join(", ", run.Teachers.Select(source => source.DisplayName))}.")]);

    public async ValueTask DisposeAsync()
    {
        foreach (var teacher in teachers)
        {
            await teacher.DisposeAsync();
        }

        foreach (var file in files.Values)
        {
            file.Dispose();
        }

        if (budget.IsValueCreated)
        {
            budget.Value?.Dispose();
        }
    }
}
