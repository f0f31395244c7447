using DistillForge.Evaluation;

namespace DistillForge.Runs.Benches;

/// <summary>What the distill bench found, for people and for programs.</summary>
sealed class DistillTable(IReadOnlyList<DistillMethod> methods, IReadOnlyDictionary<string, IReadOnlyList<Trial>> done, double cost)
{
    const string EqualTime = ", equal time";

    IEnumerable<DistillMethod> Finished => methods.Where(method => done[method.Name].Count > 0);

    public IEnumerable<string> Lines()
    {
        yield return "| told | learning rate | steps | held-out KL, nats a token | exact match, % | seeds |";
        yield return "|---|---|---|---|---|---|";
        foreach (var method in Finished)
        {
            var (first, kl, right) = (done[method.Name][0], Of(method, "kl"), Of(method, "exact_match"));
            yield return FormattableString.Invariant($"| {method.Name} | {first.Rate} | {first.Figures["steps"]} | {kl.Value:F4} ({kl.Low:F4} to {kl.High:F4}) | {100 * right.Value:F1} ({100 * right.Low:F1} to {100 * right.High:F1}) | {done[method.Name].Count} |");
        }

        foreach (var (method, other) in Pairs())
        {
            var (kl, right) = (Difference(method, other, "kl"), Difference(method, other, "exact_match"));
            yield return FormattableString.Invariant($"{method.Name} minus {other.Name}: KL {kl.Value:+0.0000;-0.0000} ({kl.Low:+0.0000;-0.0000} to {kl.High:+0.0000;-0.0000}), exact match {100 * right.Value:+0.0;-0.0} points ({100 * right.Low:+0.0;-0.0} to {100 * right.High:+0.0;-0.0})");
        }
    }

    public Measurement Measure()
    {
        Measurement[] details = [new("step of forward KL over step of hard labels", cost, "", Better.Lower), .. Finished.Select(Measure), .. Pairs().SelectMany(Differences)];
        var (soft, hard) = Pairs().FirstOrDefault(pair => pair.Other.IsEqualTime) is { Method: not null } timed ? timed : Pairs().FirstOrDefault();
        return soft is null
            ? new Measurement("distill", Finished.Count(), "methods", Better.Higher) { Details = details }
            : Measurement.Beside("distill", Of(soft, "kl").Value, "nats/token", Better.Lower, hard.Name, Of(hard, "kl").Value) with { Details = details };
    }

    // Every forward KL beside the same rows' text, at equal steps and at equal time.
    IEnumerable<(DistillMethod Method, DistillMethod Other)> Pairs()
        => from method in Finished
           let beside = DistillMethod.Beside(method)
           where beside is not null
           from other in Finished
           where other.Name == beside || other.Name == beside + EqualTime
           select (method, other);

    Measurement Measure(DistillMethod method) => new(method.Name, Of(method, "kl").Value, "nats/token", Better.Lower)
    {
        Details =
        [
            new("held-out KL, low", Of(method, "kl").Low, "nats/token", Better.Lower),
            new("held-out KL, high", Of(method, "kl").High, "nats/token", Better.Lower),
            new("exact match", Of(method, "exact_match").Value, "", Better.Higher),
            new("exact match, low", Of(method, "exact_match").Low, "", Better.Higher),
            new("exact match, high", Of(method, "exact_match").High, "", Better.Higher),
            new("learning rate", done[method.Name][0].Rate, "", Better.Higher),
            new("steps", done[method.Name][0].Figures["steps"], "", Better.Lower),
            new("seeds", done[method.Name].Count, "", Better.Higher),
        ],
    };

    IEnumerable<Measurement> Differences((DistillMethod Method, DistillMethod Other) pair)
    {
        foreach (var (figure, unit, better) in new[] { ("kl", "nats/token", Better.Lower), ("exact_match", "", Better.Higher) })
        {
            var difference = Difference(pair.Method, pair.Other, figure);
            yield return new($"{figure}: {pair.Method.Name} minus {pair.Other.Name}", difference.Value, unit, better)
            {
                Details = [new("low", difference.Low, unit, better), new("high", difference.High, unit, better)],
            };
        }
    }

    Interval Of(DistillMethod method, string figure) => Interval.OfMean([.. done[method.Name].Select(trial => trial.Figures[figure])]);

    // Seed by seed: what is common to a seed's students cancels.
    Interval Difference(DistillMethod method, DistillMethod other, string figure) => Interval.OfMean(
    [
        .. from trial in done[method.Name]
           join beside in done[other.Name] on trial.Seed equals beside.Seed
           select trial.Figures[figure] - beside.Figures[figure],
    ]);
}
