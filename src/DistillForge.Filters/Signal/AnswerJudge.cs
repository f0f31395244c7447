using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>
/// Lets a language model grade each answer from 1 to 5 by a rubric (LLM as judge) and drops what it finds poor. Where the judge shows its log-probabilities the grade is the expected one.
/// Rows that an earlier filter drops, or on which a person decided, are not asked about.
/// </summary>
[Component("judge")]
public sealed class AnswerJudge(AnswerJudge.Options options, IJudgeSource? judges = null) : IModelFilter
{
    readonly Lazy<ModelJudge?> judge = new(() => options.Rubric is { } rubric ? judges?.Open(Data.Rubric.Read(rubric.Path), options.By, options.Teacher) : null);

    public sealed record Options : ICheckedOptions
    {
        /// <summary>What is asked, and what each score means.</summary>
        public RecipeFile? Rubric { get; init; }

        /// <summary>Who judges: the recipe's teacher of this name. Empty: its first.</summary>
        public string? Teacher { get; init; }

        /// <summary>A judge that is no teacher of the recipe: <c>{ gguf: path }</c>, or <c>{ api: …, model: … }</c>.</summary>
        public TeacherSource? By { get; init; }

        /// <summary>Answers with a lower grade go.</summary>
        public double Min { get; init; } = 3;

        /// <summary>What becomes of a row that the judge gave no grade: too long for its context, or refused.</summary>
        public FilterAction Unjudged { get; init; } = FilterAction.Review;

        public IEnumerable<Problem> Check()
        {
            if (Rubric is null)
            {
                yield return new Problem("rubric", "is missing.", "Name a rubric file, e.g. 'rubric: prompts/answer.rubric.yaml'.");
            }
            else if (File.Exists(Rubric.Path) && Wrong(Rubric.Path) is { } wrong)
            {
                yield return new Problem("rubric", wrong);
            }

            if (Min is not (>= 1 and <= 5))
            {
                yield return new Problem("min", $"is {Min}; grades go from 1 to 5.");
            }

            if (By is not null && Teacher is not null)
            {
                yield return new Problem("by", "is given beside teacher.", "Keep one of them.");
            }

            foreach (var problem in By?.Check() ?? [])
            {
                yield return problem with { Where = $"by.{problem.Where}" };
            }
        }

        static string? Wrong(string path)
        {
            try
            {
                Data.Rubric.Read(path);
                return null;
            }
            catch (ForgeException exception)
            {
                return exception.Message;
            }
        }
    }

    public async Task<Verdict> JudgeAsync(Example example, CancellationToken cancellationToken)
    {
        if (judge.Value is not { } asked || await asked.ScoreAsync(example, cancellationToken) is not { } judgement)
        {
            return Verdict.Warn("not-asked", "nobody was asked, and there is no judgement from before");
        }

        if (judgement.Choice is null)
        {
            return options.Unjudged == FilterAction.Keep ? Verdict.Keep : new Verdict(options.Unjudged, new Reason("not-judged", $"{asked.Name} {judgement.Reason}"));
        }

        return judgement.Score >= options.Min
            ? Verdict.Keep
            : Verdict.Drop("judged-poor", $"{judgement.Score:F2} of 5 by {asked.Name}, needs {options.Min:0.##}{(judgement.Reason is { Length: > 0 } reason ? $": {reason}" : "")}");
    }
}
