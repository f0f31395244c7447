namespace DistillForge.Evaluation;

/// <summary>A question in another form; the right answer stays what it is.</summary>
/// <param name="Kind">How it was changed, e.g. <c>typos</c>.</param>
/// <param name="Clean">As it is asked else.</param>
public sealed record PerturbedQuestion(string Benchmark, string Kind, Question Clean, Question Changed)
{
    /// <summary>What paraphrases are called that stand in the file of questions.</summary>
    public const string ByHand = "paraphrase by hand";

    const string Paraphrases = "paraphrase";

    /// <summary>Draws questions and asks each in all forms that differ from it. The same seed gives the same ones.</summary>
    /// <param name="most">Questions that are drawn, over the whole list.</param>
    public static IEnumerable<PerturbedQuestion> Of(string benchmark, IReadOnlyList<Question> questions, IReadOnlyList<(string Kind, IPerturbation Perturbation)> perturbations, int most, long seed)
    {
        foreach (var question in Drawn(benchmark, questions, most, seed))
        {
            foreach (var (kind, perturbation) in perturbations)
            {
                var isByHand = kind == Paraphrases && question.Paraphrase is { Length: > 0 };
                var own = question.Own;
                var text = isByHand ? question.Paraphrase! : perturbation.Apply(own, Seeds.Source(seed, "perturbed", kind, question.Id, own));
                if (text != own)
                {
                    yield return new(benchmark, isByHand ? ByHand : kind, question, Asking(question, text));
                }
            }
        }
    }

    /// <summary>The same question in a model's words; null where they are none, or the same but for case, quotation marks and the sign at the end.</summary>
    public static PerturbedQuestion? Of(string benchmark, string kind, Question question, string text)
    {
        var bare = IsQuoted(text.Trim()) && !IsQuoted(question.Own.Trim()) ? text.Trim()[1..^1].Trim() : text.Trim();
        return Words(bare).Length == 0 || Words(bare).Equals(Words(question.Own), StringComparison.OrdinalIgnoreCase) ? null : new(benchmark, kind, question, Asking(question, bare));
    }

    /// <summary>Those that <see cref="Of(string, IReadOnlyList{Question}, IReadOnlyList{ValueTuple{string, IPerturbation}}, int, long)"/> changes, where they can be.</summary>
    public static IEnumerable<Question> Drawn(string benchmark, IReadOnlyList<Question> questions, int most, long seed) => Draw(questions, most, Seeds.Source(seed, "perturbed", benchmark));

    /// <summary>In the order of the list.</summary>
    public static IEnumerable<Question> Draw(IReadOnlyList<Question> questions, int most, Random chance)
    {
        var order = Enumerable.Range(0, questions.Count).ToArray();
        chance.Shuffle(order);
        return order.Take(most).Order().Select(i => questions[i]);
    }

    // As models like to hand over a text.
    static bool IsQuoted(string text)
        => text.Length > 2 && (text[0], text[^1]) is ('"', '"') or ('“', '”') or ('„', '“') or ('«', '»') or ('\'', '\'') or ('‘', '’') && !text.AsSpan(1, text.Length - 2).ContainsAny(text[0], text[^1]);

    static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Trim(' ', '.', '!', '?', '…', '"', '“', '”', '\'');

    // Choices and what the benchmark writes around the question stay: "A)" in small letters is no longer what it asks for.
    static Question Asking(Question question, string text)
    {
        var last = question.Messages[^1];
        var at = last.Content.IndexOf(question.Own, StringComparison.Ordinal);
        return question with { Messages = [.. question.Messages.Take(question.Messages.Count - 1), last with { Content = string.Concat(last.Content.AsSpan(0, at), text, last.Content.AsSpan(at + question.Own.Length)) }] };
    }
}

/// <summary>What a model answered to both forms of a question.</summary>
public sealed record PerturbedAnswer(PerturbedQuestion Asked, GradedAnswer Clean, GradedAnswer Changed)
{
    /// <summary>Word for word the same answer; no answer at all is never the same.</summary>
    public bool IsSame => Clean.Failure is null && Changed.Failure is null && Clean.Answer.Trim() == Changed.Answer.Trim();

    /// <summary>Asks everything in its changed form, and in its own what was not answered yet.</summary>
    /// <param name="answered">By the question's id.</param>
    public static async Task<IReadOnlyList<PerturbedAnswer>> MeasureAsync(
        IBenchmark benchmark, IReadOnlyList<PerturbedQuestion> asked, IReadOnlyDictionary<string, GradedAnswer> answered, ILanguageModel model, int maxTokens, int atOnce, IProgressLog progress, CancellationToken cancellationToken)
    {
        var clean = asked.Select(question => question.Clean).DistinctBy(question => question.Id).Where(question => !answered.ContainsKey(question.Id)).ToList();
        var sampling = new Sampling(Temperature: 0, MaxTokens: maxTokens);
        var answers = new List<GradedAnswer>(clean.Count + asked.Count);
        await foreach (var answer in InFlight.InOrderAsync(clean.Concat(asked.Select(question => question.Changed)).ToAsyncEnumerable(), atOnce, (question, token) => TaskScore.AskAsync(benchmark, question, model, sampling, token), cancellationToken))
        {
            answers.Add(answer);
            progress.Report("robustness", answers.Count, clean.Count + asked.Count, "questions");
        }

        var own = answers.Take(clean.Count).Concat(answered.Values).DistinctBy(answer => answer.Question.Id).ToDictionary(answer => answer.Question.Id);
        return [.. asked.Select((question, i) => new PerturbedAnswer(question, own[question.Clean.Id], answers[clean.Count + i]))];
    }
}
