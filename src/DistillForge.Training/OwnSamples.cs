using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;
using DistillForge.Training.Inference;

namespace DistillForge.Training;

/// <summary>
/// On-policy distillation: in a share of the steps the student answers the batch's prompts itself and learns what the teacher thinks of those
/// answers. Agarwal et al., GKD, 2024. Losses on labels rest in such steps: the student's own tokens are no labels.
/// </summary>
/// <param name="Fraction">λ, 0 … 1.</param>
/// <param name="MaxTokens">Of an answer.</param>
/// <param name="Temperature">Of the student's sampling; 1 is its own distribution.</param>
public sealed record OnPolicy(double Fraction, int MaxTokens, float Temperature = 1)
{
    /// <summary>Reads the answers live; null where the teacher is at hand as a network.</summary>
    public ILanguageModel? Scorer { get; init; }

    /// <summary>What the scorer gives: the same as the rows' traces hold.</summary>
    public Want.Head Capture { get; init; } = new();

    public IEnumerable<Problem> Check()
    {
        if (Fraction is not (> 0 and <= 1))
        {
            yield return new Problem("train.on_policy.fraction", $"is {Fraction}; it is a share of the steps above 0 and up to 1.");
        }

        if (MaxTokens < 1 || Temperature <= 0)
        {
            yield return new Problem("train.on_policy", $"asks for {MaxTokens} tokens at temperature {Temperature}.", "Both are above 0.");
        }
    }
}

/// <summary>Draws a step's answers. Step, row and seed decide them, and the weights as they are: a resumed run draws the same.</summary>
sealed class OwnSamples(OnPolicy settings, Vocabulary vocabulary, ModelShape shape, long seed)
{
    /// <param name="step">From 0.</param>
    public bool Applies(long step) => Seeds.Source(seed, "on-policy", $"{step}").NextDouble() < settings.Fraction;

    /// <summary>The same prompts, answered by the student and read by the teacher.</summary>
    public Batch Draw(IReadOnlyList<Row> rows, Network network, long step, TraceContents contents)
    {
        var answers = rows.Select((row, i) => new Answer(row, [.. row.Trace.TokenIds[..row.Trace.PromptLength]], new Sampler(new Sampling(settings.Temperature), Seeds.Source(seed, "own answer", $"{step} {i}")))).ToList();
        var open = answers.FindAll(answer => answer.Row.Trace.PromptLength < shape.Context);
        while (open.Count > 0)
        {
            var positions = Forward.Read(network, vocabulary.RealSize, [.. open.Select(answer => (answer.Tokens, answer.Tokens.Count - 1))]);
            for (var i = 0; i < open.Count; i++)
            {
                open[i].Tokens.Add(open[i].Sampler.Next(positions[i][0]));
            }

            open.RemoveAll(IsDone);
        }

        return Batch.Of([.. Traces([.. answers.Where(answer => answer.Tokens.Count > answer.Row.Trace.PromptLength)]).Select(trace => new Row(trace, shape.Context))], contents, ownSamples: true);
    }

    bool IsDone(Answer answer) => answer.Tokens[^1] == vocabulary.Eos || answer.Tokens[^1] == vocabulary.Eot
        || answer.Tokens.Count - answer.Row.Trace.PromptLength >= settings.MaxTokens || answer.Tokens.Count > shape.Context;

    IReadOnlyList<TokenTrace> Traces(IReadOnlyList<Answer> answers)
    {
        TokenTrace Bare(Answer answer) => new()
        {
            Id = answer.Row.Trace.Id,
            Scorer = "",
            Vocabulary = vocabulary.Fingerprint,
            TokenIds = [.. answer.Tokens],
            PromptLength = answer.Row.Trace.PromptLength,
            LossMask = [.. Enumerable.Repeat(true, answer.Tokens.Count - answer.Row.Trace.PromptLength)],
        };

        if (settings.Scorer is not { } scorer)
        {
            return [.. answers.Select(Bare)];
        }

        // The trainer's thread has nothing else to do until the teacher has read them; and one after the other, since what a model batches by
        // chance it does not compute to the same bits again.
        TokenTrace Read(Answer answer) => scorer.ScoreAsync(new TokenSequence(vocabulary.Fingerprint, answer.Tokens, answer.Row.Trace.PromptLength), settings.Capture, CancellationToken.None).GetAwaiter().GetResult();
        return [.. answers.Select(Read)];
    }

    sealed record Answer(Row Row, List<int> Tokens, Sampler Sampler);
}
