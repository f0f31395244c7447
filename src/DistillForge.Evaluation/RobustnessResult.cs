namespace DistillForge.Evaluation;

/// <summary>What is left of a benchmark when its questions are written otherwise, model beside model.</summary>
/// <param name="Kind">How they are written, or <see cref="All"/>.</param>
/// <param name="Questions">That the kind changed, so that both forms were asked.</param>
/// <param name="Models">In the order in which they are shown.</param>
/// <param name="StudentMinusTeacher">How much more the student loses than its teacher, paired by question; null where they were not both asked, or nothing is graded.</param>
public sealed record RobustnessResult(string Benchmark, string Measure, string Kind, int Questions, IReadOnlyDictionary<string, RobustnessFigure> Models, Difference? StudentMinusTeacher)
{
    /// <summary>Every kind together: a question counts with the mean of its forms.</summary>
    public const string All = "all of them";

    /// <param name="models">Each model's answers to the same questions.</param>
    /// <param name="benchmarks">By name: what is measured, and whether the right answers are known.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public static IReadOnlyList<RobustnessResult> Of(IReadOnlyList<(string Model, IReadOnlyList<PerturbedAnswer> Answers)> models, Func<string, (string Measure, bool IsGraded)> benchmarks, long seed, string first = "teacher", string second = "student")
    {
        var kinds = models.SelectMany(model => model.Answers).Select(answer => (answer.Asked.Benchmark, answer.Asked.Kind)).Distinct().GroupBy(kind => kind.Benchmark);
        return [.. kinds.SelectMany(group => (IEnumerable<string>)[.. group.Count() > 1 ? [All] : Array.Empty<string>(), .. group.Select(kind => kind.Kind)], (group, kind) => OfOne(group.Key, kind))];

        RobustnessResult OfOne(string benchmark, string kind)
        {
            var (measure, isGraded) = benchmarks(benchmark);
            var asked = models.Select(model => (model.Model, Questions: ByQuestion(model.Answers.Where(answer => answer.Asked.Benchmark == benchmark && (kind == All || answer.Asked.Kind == kind))))).Where(model => model.Questions.Count > 0).ToList();
            var (theirs, ours) = (asked.Find(model => model.Model == first).Questions, asked.Find(model => model.Model == second).Questions);
            var more = isGraded && theirs is not null && ours is not null ? Difference.Of(PairedBootstrap.Difference(Drops(ours), Drops(theirs), seed)) : null;
            return new(benchmark, measure, kind, asked[0].Questions.Count, asked.ToDictionary(model => model.Model, model => RobustnessFigure.Of(model.Questions, isGraded, seed)), more);
        }
    }

    // Forms of one question are not independent: they are drawn together.
    static List<QuestionForms> ByQuestion(IEnumerable<PerturbedAnswer> answers)
        => [.. answers.GroupBy(answer => answer.Asked.Clean.Id).Select(forms => new QuestionForms(forms.First().Clean.Score, forms.Average(form => form.Changed.Score), forms.Average(form => form.IsSame ? 1.0 : 0)))];

    static double[] Drops(List<QuestionForms> questions) => [.. questions.Select(question => question.Clean - question.Changed)];
}

/// <summary>One question's scores as it is and in other forms, and the share of these with the same answer.</summary>
sealed record QuestionForms(double Clean, double Changed, double Same);

/// <summary>How one model did; scores are 0 … 1, and null where nobody knows the right answers.</summary>
/// <param name="Clean">On the same questions as they are.</param>
/// <param name="Changed">On the changed ones.</param>
/// <param name="Drop">Clean minus changed, paired by question, 95 % bootstrap.</param>
/// <param name="SameAnswers">Share of changed questions that it answers word for word as the clean ones.</param>
public sealed record RobustnessFigure(
    double? Clean,
    double? Changed,
    Difference? Drop,
    double SameAnswers,
    Range95 SameAnswersInterval)
{
    internal static RobustnessFigure Of(IReadOnlyList<QuestionForms> questions, bool isGraded, long seed)
    {
        double[] Each(Func<QuestionForms, double> value) => [.. questions.Select(value)];
        var same = Each(question => question.Same);
        var range = same.All(share => share is 0 or 1) ? Interval.Wilson((int)same.Sum(), same.Length) : PairedBootstrap.Difference(same, new double[same.Length], seed);
        return isGraded
            ? new(questions.Average(question => question.Clean), questions.Average(question => question.Changed), Difference.Of(PairedBootstrap.Difference(Each(question => question.Clean), Each(question => question.Changed), seed)), same.Average(), Range95.Of(range))
            : new(null, null, null, same.Average(), Range95.Of(range));
    }
}
