using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;

namespace DistillForge.Runs;

/// <summary>Whether APIs that a run is about to ask can be asked. A judge's missing key would otherwise end a run of hours at its last stage.</summary>
static class KeysAtHand
{
    /// <param name="Known">Some of what it would be asked is on disk; perhaps all of it.</param>
    sealed record Asked(string Where, TeacherSource Source, string Stage, Func<bool> Known);

    /// <exception cref="ForgeException">A key or a price is missing, and nothing that was said before could do instead.</exception>
    public static void Check(RunContext run, IReadOnlyList<Stage> stages)
    {
        var missing = Missing(run, stages).ToList();
        if (missing.Where(one => !one.Known).Select(one => one.Problem).ToList() is { Count: > 0 } problems)
        {
            throw new ForgeException(run.Recipe.Path, problems);
        }

        foreach (var (problem, _) in missing)
        {
            run.Progress.Say($"warning: {problem.Where} {problem.What} What was said before is on disk; anything new will end the run. {problem.Instead}");
        }
    }

    /// <summary>What is missing, by the stages that are still to be done.</summary>
    public static IEnumerable<(Problem Problem, bool Known)> Missing(RunContext run, IReadOnlyList<Stage> stages)
    {
        var asked = Of(run).Where(asked => asked.Source.Api is not null).ToList();
        if (asked.Count == 0)
        {
            yield break;
        }

        // What comes after a stage that is to be done may be done as well.
        var pending = stages.SkipWhile(stage => stage.WhyNow() is null).Select(stage => stage.Name).ToHashSet();
        var prices = run.Recipe.Budget.MaxCostUsd is null ? null : PriceTable.Load();
        foreach (var (where, source, _, known) in asked.Where(asked => pending.Contains(asked.Stage)))
        {
            if (source.KeyEnv is { } name && string.IsNullOrEmpty(Keys.Default.Find(name)))
            {
                yield return (Keys.Missing($"{where}.key_env", name), known());
            }

            if (prices is not null && prices.Find(source.Model!) is null)
            {
                yield return (PriceTable.Missing(source.Model!), known());
            }
        }
    }

    static IEnumerable<Asked> Of(RunContext run)
    {
        var answered = WantedRows.Shards(run.Folder.Examples).Count > 0 || Directory.Exists(run.Folder.In("journal"));
        foreach (var teacher in run.Asks ? run.Teachers : [])
        {
            yield return new(run.Recipe.Teachers is null ? "teacher" : $"teachers.{teacher.DisplayName}", teacher, GenerateStage.Part.Training.Name, () => answered);
        }

        foreach (var judge in NamedJudge.Of(run))
        {
            yield return new(run.Teachers.Contains(judge.Source) ? "teacher" : $"{judge.Key}.by", judge.Source, judge.Selects ? "filter" : "evaluate", () => JudgementFile.Count(run.Folder.Path, run.IdentityOf(judge.Source)) > 0);
        }

        if (run.Recipe.Evaluate.Robustness.Paraphraser is { } by)
        {
            yield return new("evaluate.robustness.by", by, "evaluate", () => Paraphrasing.Count(run, by) > 0);
        }
    }
}
