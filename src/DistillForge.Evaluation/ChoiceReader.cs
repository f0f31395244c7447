namespace DistillForge.Evaluation;

/// <summary>Reads every choice after its question and says which one the model finds most likely.</summary>
static class ChoiceReader
{
    /// <summary>By the sum of log-probabilities.</summary>
    public const string Plain = "acc";

    /// <summary>By that sum a character (lm-evaluation-harness divides by the length of the text, not by tokens).</summary>
    public const string Normalised = "acc_norm";

    public static async Task<GradedAnswer> AskAsync(IBenchmark benchmark, Question question, ILanguageModel model, CancellationToken cancellationToken)
    {
        if (model is not IAnswerScorer scorer)
        {
            throw new CompletionFailedException("no-log-likelihood", "this model does not say how likely an answer is");
        }

        var read = await Task.WhenAll(question.Choices.Select(choice => ReadAsync(scorer, question, choice, cancellationToken)));
        var plain = question.Choices[Best(read, sum => sum.Sum)];
        var normalised = question.Choices[Best(read, sum => sum.Sum / sum.Characters)];
        var chosen = benchmark.Measure == Normalised ? normalised : plain;
        var grade = benchmark.Judge(question, chosen);
        return new(question, chosen, grade.Score, Tokens: 0)
        {
            Figures = new Dictionary<string, double> { [Plain] = benchmark.Grade(question, plain), [Normalised] = benchmark.Grade(question, normalised) },
            Why = grade.Why,
        };
    }

    static async Task<(double Sum, int Characters)> ReadAsync(IAnswerScorer model, Question question, string choice, CancellationToken cancellationToken)
    {
        var tokens = model.Sequence(question.Messages, choice);
        var trace = await model.ScoreAsync(tokens, new Want.Head(TopLogprobs: 1, TailSamples: 0), cancellationToken);
        // The last token ends the answer: whether it is over is not what was asked.
        return (trace.TokenLogprobs.Take(trace.CompletionLength - 1).Sum(logprob => (double)logprob), choice.EnumerateRunes().Count());
    }

    // The first of equals, as an argmax does.
    static int Best((double Sum, int Characters)[] read, Func<(double Sum, int Characters), double> worth)
    {
        var best = 0;
        for (var i = 1; i < read.Length; i++)
        {
            best = worth(read[i]) > worth(read[best]) ? i : best;
        }

        return best;
    }
}
