using DistillForge.Training.Losses;

namespace DistillForge.Training;

/// <summary>Measures the held-out rows, in float32 and without a gradient; scheduled weights as at the end of the run, so that points compare.</summary>
/// <param name="losses">What is trained; the KL to the teacher and the cross-entropy are measured anyway where the rows allow it.</param>
sealed class Validation(Corpus corpus, int tokensPerBatch, IReadOnlyList<WeightedLoss> losses, Guide guide, Preferences? preferences = null)
{
    readonly Objective objective = new(WithStandard(corpus.Contents, losses));

    /// <returns>Null when no row was held out.</returns>
    public ValidationPoint? Measure(Network network, Device device, long step)
    {
        var rows = corpus.Validation;
        if (rows.Count == 0)
        {
            return null;
        }

        using var quiet = no_grad();
        var precision = network.Precision;
        network.Precision = Precision.Float32;
        var sums = new double[objective.Losses.Count];
        var pairs = new PairSums();
        foreach (var numbers in new BatchOrder(rows, tokensPerBatch, seed: 0).Sorted())
        {
            var batch = Batch.Of([.. numbers.Select(row => rows[row])], corpus.Contents);
            var part = Measure(network, batch, device, pairs);
            sums = [.. sums.Zip(part, (sum, x) => sum + x)];
        }

        network.Precision = precision;
        var tokens = rows.Sum(row => (double)row.Trained.Length);
        var perToken = objective.Losses.Select((term, i) => (term.Name, Weight: term.Weight.At(1), Standard: i >= losses.Count, Value: sums[i] / tokens)).ToArray();
        var standard = perToken.Where(term => term.Standard).ToDictionary(term => term.Name, term => term.Value);
        if (preferences is not null)
        {
            standard[Preferences.Measured] = pairs.Preferred / (double)pairs.Count;
        }

        return new ValidationPoint(step, perToken.Sum(term => term.Weight * term.Value) + (preferences is null ? 0 : pairs.Weighted / pairs.Count), standard);
    }

    double[] Measure(Network network, Batch batch, Device device, PairSums pairs)
    {
        using var scope = NewDisposeScope();
        var (tokens, positions, targets) = BatchTensors.Of(batch, device);
        var hidden = network.Hidden(tokens, positions);
        preferences?.Measure(network, batch, hidden, pairs);
        return objective.Measure(hidden, network.Head, guide.Targets(tokens, positions, targets), Precision.Float32);
    }

    // Weight 0: reported by name beside the trained sum, always the same measure whatever options are trained with.
    static List<WeightedLoss> WithStandard(TraceContents contents, IReadOnlyList<WeightedLoss> losses)
    {
        List<WeightedLoss> all = [.. losses];
        if (contents.Full || (contents.Scored && contents.Temperatures.Contains(1f) && contents.Heads != HeadKind.Ranked))
        {
            all.Add(new WeightedLoss("forward-kl", new ForwardKl(new ForwardKl.Options()), 0));
        }

        all.Add(new WeightedLoss("cross-entropy", new CrossEntropy(), 0));
        return all;
    }
}
