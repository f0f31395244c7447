using System.Runtime.CompilerServices;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Of several answers to one prompt, keeps those that say what most of them say (Wang et al. 2022, arXiv:2203.11171), and none where they disagree too much.</summary>
/// <remarks>Reads the dataset twice. Ask with <c>generate: { samples: 5, temperature: 0.7 }</c>; answers of several teachers count alike.</remarks>
[Component("self-consistency")]
public sealed class SelfConsistency(SelfConsistency.Options options) : IDatasetFilter
{
    /// <param name="Compare">What of two answers must be the same.</param>
    /// <param name="MinAgreement">Share of a prompt's answers that the most frequent one needs. An answer without a number (or JSON) agrees with none.</param>
    /// <param name="MinSamples">Answers that a prompt needs to be judged; rows of prompts with fewer are dropped.</param>
    public sealed record Options(AnswerForm Compare = AnswerForm.Text, double MinAgreement = 0.5, int MinSamples = 2) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (MinAgreement is not (> 0 and <= 1) || MinSamples < 1)
            {
                yield return new Problem("min_agreement", $"is {MinAgreement} and min_samples {MinSamples}; agreement lies above 0 and not above 1, samples count from 1.");
            }
        }
    }

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prompts = new Dictionary<string, Votes>(StringComparer.Ordinal);
        await foreach (var example in dataset.ReadAsync(cancellationToken))
        {
            var prompt = KeyOf(example);
            if (!prompts.TryGetValue(prompt, out var votes))
            {
                prompts[prompt] = votes = new Votes();
            }

            votes.Add(AnswerForms.Read(example.Text, options.Compare));
        }

        await foreach (var example in dataset.ReadAsync(cancellationToken))
        {
            yield return Judge(AnswerForms.Read(example.Text, options.Compare), prompts[KeyOf(example)]);
        }
    }

    Verdict Judge(string? answer, Votes votes)
    {
        if (votes.All < options.MinSamples)
        {
            return Verdict.Drop("too-few-samples", $"its prompt has {votes.All} answers, needs {options.MinSamples}");
        }

        var (most, count, isTied) = votes.Winner();
        return most is null || isTied || count < options.MinAgreement * votes.All
            ? Verdict.Drop("no-majority", $"at most {count} of {votes.All} answers agree{(isTied ? ", and others are as many" : "")}, needs {options.MinAgreement:P0}")
            : answer == most ? Verdict.Keep
            : Verdict.Drop("minority-answer", $"{(answer is null ? $"holds no {options.Compare.ToString().ToLowerInvariant()}" : $"says '{Passage.Short(answer)}'")}, {count} of {votes.All} say '{Passage.Short(most)}'");
    }

    static string KeyOf(Example example)
    {
        var text = new StringBuilder();
        foreach (var message in example.Prompt)
        {
            text.Append(message.Role).Append('\u001f').Append(message.Content).Append('\u001e');
        }

        return text.ToString();
    }

    /// <summary>What the answers to one prompt say.</summary>
    sealed class Votes
    {
        readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

        public int All { get; private set; }

        public void Add(string? answer)
        {
            All++;
            if (answer is not null)
            {
                counts[answer] = counts.GetValueOrDefault(answer) + 1;
            }
        }

        public (string? Answer, int Count, bool IsTied) Winner()
        {
            var (best, count, tied) = ((string?)null, 0, false);
            foreach (var (answer, votes) in counts)
            {
                tied = votes == count || (votes < count && tied);
                (best, count) = votes > count ? (answer, votes) : (best, count);
            }

            return (best, count, tied);
        }
    }
}
