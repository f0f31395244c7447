namespace DistillForge.Evaluation;

/// <summary>Positions where a model was about equally sure of its first choice.</summary>
/// <param name="Confidence">Mean probability that it gave its first choice.</param>
/// <param name="Right">Share of them where that was the token that stands there.</param>
public sealed record ReliabilityBin(double From, double To, long Tokens, double Confidence, double Right);

/// <summary>Whether a model is right as often as it is sure (Guo et al., On Calibration of Modern Neural Networks, 2017).</summary>
/// <param name="Ece">Expected calibration error: Σ over bins of their share × |right − confidence|; 0 is perfect.</param>
public sealed record Calibration(double Ece, IReadOnlyList<ReliabilityBin> Bins)
{
    /// <summary>As in the paper.</summary>
    public const int Width = 15;

    /// <param name="positions">How sure of the first choice (0 … 1), and whether it was right.</param>
    public static Calibration Of(IEnumerable<(float Confidence, bool Right)> positions)
    {
        var (tokens, sure, right) = (new long[Width], new double[Width], new long[Width]);
        foreach (var position in positions)
        {
            var bin = Math.Clamp((int)(position.Confidence * Width), 0, Width - 1);
            tokens[bin]++;
            sure[bin] += position.Confidence;
            right[bin] += position.Right ? 1 : 0;
        }

        var total = Math.Max(1, tokens.Sum());
        var bins = Enumerable.Range(0, Width).Where(bin => tokens[bin] > 0)
            .Select(bin => new ReliabilityBin((double)bin / Width, (bin + 1.0) / Width, tokens[bin], sure[bin] / tokens[bin], (double)right[bin] / tokens[bin])).ToList();
        return new(bins.Sum(bin => (double)bin.Tokens / total * Math.Abs(bin.Right - bin.Confidence)), bins);
    }
}
