using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs.Judging;

/// <summary>Lets the recipe's judge compare a model's answers with its teacher's.</summary>
static class JudgedAnswers
{
    public static async Task<WinRate> CompareAsync(RunContext run, Judges judges, JudgeSettings settings, string who, MeasuredModel model, MeasuredModel teacher, CancellationToken cancellationToken)
    {
        var judge = judges.Open(Rubric.Read(settings.Rubric.Path), settings.By, settings.Teacher);
        var theirs = teacher.Answers.ToDictionary(answer => answer.Key, answer => answer.Answer.Answer);
        var pairs = model.Answers.Where(answer => theirs.ContainsKey(answer.Key)).Take(settings.Questions).ToList();
        var done = 0;
        var outcomes = await Task.WhenAll(pairs.Select(async pair =>
        {
            var (answer, other) = (pair.Answer.Answer, theirs[pair.Key]);
            // The same words cannot be better or worse; nobody is asked.
            var outcome = answer.Trim() == other.Trim() ? 0.5 : await judge.CompareAsync(pair.Answer.Question.Id, pair.Answer.Question.Messages, answer, other, cancellationToken);
            run.Progress.Report($"judge {who}", Interlocked.Increment(ref done), pairs.Count, "questions");
            return outcome;
        }));
        return WinRate.Of(judge.Name, outcomes, Seeds.Derive(run.Recipe.Seed, "win-rate"));
    }
}
