using System.Globalization;
using DistillForge.Evaluation;

namespace DistillForge.Runs.Benches;

/// <summary>What the sparse bench found, for people and for programs.</summary>
sealed class SparseTable(IReadOnlyList<SparseMethod> methods, SparseCorpus corpus, IReadOnlyDictionary<string, IReadOnlyList<Trial>> done)
{
    // What the issue asks of the default.
    const double Aim = 95;

    public IEnumerable<string> Lines()
    {
        yield return "| told | bytes a token | learning rate | held-out KL, nats a token | gap closed, % (95 % interval over seeds) | seeds |";
        yield return "|---|---|---|---|---|---|";
        foreach (var method in methods.Where(method => done[method.Name].Count > 0))
        {
            var (trials, gap, kl) = (done[method.Name], Gap(method), Kl(method));
            var bytes = method == SparseMethod.Full || method == SparseMethod.Hard ? "" : corpus.Traces[method.Want].BytesPerToken.ToString("F1", CultureInfo.InvariantCulture);
            yield return FormattableString.Invariant($"| {method.Name} | {bytes} | {trials[0].Rate} | {kl.Value:F4} ({kl.Low:F4} to {kl.High:F4}) | {gap.Value:F1} ({gap.Low:F1} to {gap.High:F1}) | {trials.Count} |");
        }
    }

    public Measurement Measure()
    {
        var chosen = methods.FirstOrDefault(method => method.Name == SparseMethod.Default) ?? SparseMethod.Full;
        return Measurement.Beside("sparse", Gap(chosen).Value, "% of the gap", Better.Higher, "aim", Aim) with { Details = [.. methods.Where(method => done[method.Name].Count > 0).Select(Measure)] };
    }

    Measurement Measure(SparseMethod method)
    {
        var (trials, gap, kl) = (done[method.Name], Gap(method), Kl(method));
        return new Measurement(method.Name, gap.Value, "% of the gap", Better.Higher)
        {
            Details =
            [
                new("gap closed, low", gap.Low, "%", Better.Higher),
                new("gap closed, high", gap.High, "%", Better.Higher),
                new("bytes", corpus.Traces[method.Want].BytesPerToken, "bytes/token", Better.Lower),
                new("held-out KL", kl.Value, "nats/token", Better.Lower),
                new("held-out KL, low", kl.Low, "nats/token", Better.Lower),
                new("held-out KL, high", kl.High, "nats/token", Better.Lower),
                new("learning rate", trials[0].Rate, "", Better.Higher),
                new("seeds", trials.Count, "", Better.Higher),
                new("a step", trials.Average(trial => trial.Figures["seconds"] / trial.Figures["steps"]), "s", Better.Lower),
            ],
        };
    }

    Interval Kl(SparseMethod method) => Interval.OfMean([.. done[method.Name].Select(trial => trial.Figures["kl"])]);

    // Seed by seed: what is common to a seed's students cancels.
    Interval Gap(SparseMethod method) => Interval.OfMean(
    [
        .. from trial in done[method.Name]
           join hard in done[SparseMethod.Hard.Name] on trial.Seed equals hard.Seed
           join full in done[SparseMethod.Full.Name] on trial.Seed equals full.Seed
           select 100 * (hard.Figures["kl"] - trial.Figures["kl"]) / (hard.Figures["kl"] - full.Figures["kl"]),
    ]);
}
