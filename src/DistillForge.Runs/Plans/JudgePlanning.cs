using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;

namespace DistillForge.Runs;

/// <summary>What a recipe's judges, and who says its test questions in other words, would be asked at most. Nobody is asked to find out.</summary>
/// <param name="stages">A judge whose stage is done is asked nothing.</param>
sealed class JudgePlanning(RunContext run, IReadOnlyList<PlannedStage> stages)
{
    const double CharactersAToken = 3.5;

    /// <param name="rows">That the filters judge.</param>
    /// <param name="heldOut">Questions on which students are compared with their teacher.</param>
    /// <param name="promptTokens">Of a row, on average.</param>
    public IEnumerable<PlannedTeacher> Of(long rows, long heldOut, double promptTokens)
    {
        foreach (var judge in NamedJudge.Of(run))
        {
            var students = run.Recipe.Evaluate.Baseline == BaselineKind.TeacherText ? 2 : 1;
            var all = judge.Selects ? rows : 2 * students * Math.Min(heldOut, run.Recipe.Evaluate.Judge!.Questions);
            var known = stages.Any(stage => stage.Name == (judge.Selects ? "filter" : "evaluate") && stage.Why is not null) ? JudgementFile.Count(run.Folder.Path, run.IdentityOf(judge.Source)) : all;
            yield return Of(judge, all, Math.Max(0, all - known), promptTokens);
        }

        if (run.Recipe.Evaluate.Robustness.Paraphraser is { } by)
        {
            yield return Paraphrases(by, heldOut, promptTokens);
        }
    }

    PlannedTeacher Paraphrases(TeacherSource by, long heldOut, double promptTokens)
    {
        List<(string Name, IBenchmark Benchmark)> benchmarks = [.. Components.Named(run.Recipe.Evaluate.Benchmarks)];
        var all = RobustnessProbe.MostParaphrased(run.Recipe.Evaluate.Robustness, benchmarks, heldOut);
        var open = stages.Any(stage => stage.Name == "evaluate" && stage.Why is not null) ? Math.Max(0, all - Paraphrasing.Count(run, by)) : 0;
        var questions = benchmarks.SelectMany(named => named.Benchmark.Questions()).Select(question => question.Own.Length / CharactersAToken).DefaultIfEmpty(promptTokens).Average();
        var (prompts, said) = (open * ((Paraphrasing.Instruction.Length / CharactersAToken) + questions), (double)open * Paraphrasing.MostTokens);
        return new PlannedTeacher($"{by.DisplayName} to say questions in other words (evaluate.robustness.by)", all, open, prompts, said, open == 0 ? 0 : null, CostOf(by, prompts, said), "an upper bound: a new wording seldom takes so many tokens");
    }

    static double? CostOf(TeacherSource source, double prompts, double said)
        => source.Model is not { } model ? 0 : PriceTable.Load().Find(model) is { } price ? price.Of((long)prompts, (long)said) : null;

    PlannedTeacher Of(NamedJudge judge, long all, long open, double promptTokens)
    {
        var rubric = Rubric.Read(judge.Rubric.Path);
        var empty = judge.Selects ? JudgeQuestion.ToScore(rubric, [Message.User("")], "", null) : JudgeQuestion.ToCompare(rubric, [Message.User("")], "", "");
        var answers = run.Recipe.Generate.MaxTokens * (judge.Selects ? 1 : 2);
        var prompts = open * ((empty.Text.Length / CharactersAToken) + promptTokens + answers);
        double said = (double)open * empty.ToSampling().MaxTokens;
        return new PlannedTeacher($"{judge.Source.DisplayName} as judge ({judge.Key})", all, open, prompts, said, open == 0 ? 0 : null, CostOf(judge.Source, prompts, said),
            "an upper bound: every row or pair is asked about, and answers are as long as max_tokens; filters before it, and answers that are the same, leave fewer");
    }
}
