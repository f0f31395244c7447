using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Rejection sampling: drops answers that do not come to the known right one (the row's <c>expected</c>).</summary>
[Component("expected-answer")]
public sealed class ExpectedAnswer(ExpectedAnswer.Options options) : IFilter
{
    /// <summary>What becomes of a row whose right answer nobody knows.</summary>
    public enum Unknown
    {
        Keep,
        Drop,
    }

    /// <param name="Compare">What of answer and expected one must be the same.</param>
    /// <param name="Tolerance">For numbers: by how much of the expected one they may differ.</param>
    public sealed record Options(AnswerForm Compare = AnswerForm.Text, double Tolerance = 1e-6, Unknown WithoutExpected = Unknown.Keep) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Tolerance is not (>= 0 and < 1))
            {
                yield return new Problem("tolerance", $"is {Tolerance}; it is a share of the expected number, from 0 to below 1.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        if (string.IsNullOrEmpty(example.Expected))
        {
            return options.WithoutExpected == Unknown.Keep ? Verdict.Keep : Verdict.Drop("no-expected-answer", "has no right answer to compare with");
        }

        if (AnswerForms.Read(example.Expected, options.Compare) is not { } expected)
        {
            return Verdict.Drop("unusable-expected-answer", $"the expected answer '{Passage.Short(example.Expected)}' is no {Kind}");
        }

        return AnswerForms.Read(example.Text, options.Compare) is not { } answer ? Verdict.Drop("no-answer", $"holds no {Kind}, expected '{Passage.Short(expected)}'")
            : answer == expected || (options.Compare == AnswerForm.Number && IsNear(example.Text, example.Expected)) ? Verdict.Keep
            : Verdict.Drop("wrong-answer", $"says '{Passage.Short(answer)}', expected '{Passage.Short(expected)}'");
    }

    string Kind => options.Compare.ToString().ToLowerInvariant();

    bool IsNear(string text, string expected)
    {
        var (ours, theirs) = (AnswerForms.Number(text)!.Value, AnswerForms.Number(expected)!.Value);
        return Math.Abs(ours - theirs) <= options.Tolerance * Math.Abs(theirs);
    }
}
