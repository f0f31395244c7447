using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Evaluation;

/// <summary>A part of all positions.</summary>
/// <param name="Kl">KL(teacher ‖ student), nats a token.</param>
/// <param name="Top1">Share of positions where both find the same token most likely.</param>
/// <param name="Top5">Share of positions where the teacher's first choice is among the student's five.</param>
/// <param name="Perplexity">Of the student, on the tokens that stand there.</param>
/// <param name="TeacherPerplexity">Of the teacher, on the same tokens.</param>
public sealed record FidelitySlice(string Name, long Tokens, double Kl, double Top1, double Top5, double Perplexity, double TeacherPerplexity)
{
    internal static FidelitySlice Of(string name, IReadOnlyCollection<PositionPair> positions)
    {
        double Mean(Func<PositionPair, double> value) => positions.Count == 0 ? 0 : positions.Sum(value) / positions.Count;
        return new(
            name,
            positions.Count,
            Mean(position => position.Kl),
            Mean(position => position.SameFirst ? 1 : 0),
            Mean(position => position.InFive ? 1 : 0),
            Math.Exp(-Mean(position => position.StudentLogprob)),
            Math.Exp(-Mean(position => position.TeacherLogprob)));
    }
}

/// <summary>How many positions lie within a range.</summary>
public sealed record HistogramBin(double From, double To, long Tokens);

/// <summary>How much of its teacher a student is, on rows that neither was trained on, from whole distributions.</summary>
/// <param name="Rows">Rows that were compared.</param>
/// <param name="Failed">Rows that one of them could not read.</param>
/// <param name="All">Over all positions.</param>
/// <param name="Quantiles">Of the KL of a position: 50, 90, 99 and 100 %.</param>
/// <param name="Histogram">Of the KL of a position; the bounds grow by √10.</param>
/// <param name="Calibration">Of the student, against the tokens that stand there.</param>
/// <param name="TeacherCalibration">Of the teacher, against the same tokens: where text was not sampled at temperature 1, not even it is calibrated.</param>
public sealed record FidelityReport(
    string Model,
    int Rows,
    int Failed,
    FidelitySlice All,
    IReadOnlyDictionary<string, double> Quantiles,
    IReadOnlyList<HistogramBin> Histogram,
    Calibration Calibration,
    Calibration TeacherCalibration,
    IReadOnlyList<FidelitySlice> ByPosition,
    IReadOnlyList<FidelitySlice> ByCategory,
    IReadOnlyList<FidelitySlice> ByConfidence)
{
    // Below this, rounding speaks.
    const double LeastKl = 1e-6;
    const int BinsADecade = 2;
    const int Decades = 8;

    static readonly float[] Confidences = [0, 0.5f, 0.8f, 0.95f, 0.99f, 1];

    /// <param name="rows">Category (null for none) and positions of each row that could be read.</param>
    public static FidelityReport Of(string model, IReadOnlyList<(string? Category, IReadOnlyList<PositionPair> Positions)> rows, int failed)
    {
        var all = rows.SelectMany(row => row.Positions).ToList();
        return new(
            model,
            rows.Count,
            failed,
            FidelitySlice.Of("all", all),
            KlQuantiles(all),
            KlHistogram(all),
            Calibration.Of(all.Select(position => (position.StudentConfidence, position.StudentRight))),
            Calibration.Of(all.Select(position => (position.TeacherConfidence, position.TeacherRight))),
            [.. all.GroupBy(position => Doubling(position.Index)).OrderBy(group => group.Key).Select(group => FidelitySlice.Of(DoublingName(group.Key), [.. group]))],
            [.. rows.Where(row => row.Category is not null).GroupBy(row => row.Category!, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => FidelitySlice.Of(group.Key, [.. group.SelectMany(row => row.Positions)]))],
            [.. all.GroupBy(position => Sureness(position.TeacherConfidence)).OrderBy(group => group.Key).Select(group => FidelitySlice.Of(SurenessName(group.Key), [.. group]))]);
    }

    public string ToJson() => JsonSerializer.Serialize(this, FidelityJson.Default.FidelityReport);

    /// <summary>Several students', one file.</summary>
    public static string ToJson(IReadOnlyList<FidelityReport> reports) => JsonSerializer.Serialize(reports, FidelityJson.Default.IReadOnlyListFidelityReport);

    /// <exception cref="ForgeException">Not what <see cref="ToJson(IReadOnlyList{FidelityReport})"/> writes.</exception>
    public static IReadOnlyList<FidelityReport> Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), FidelityJson.Default.IReadOnlyListFidelityReport) ?? [];
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read: {e.Message}", "Run 'distillforge evaluate' again."), inner: e);
        }
    }

    // 0; 1; 2, 3; 4 … 7; and so on: a doubling each.
    internal static int Doubling(int index) => index == 0 ? 0 : (int)Math.Log2(index) + 1;

    internal static string DoublingName(int doubling) => doubling < 2 ? $"{doubling + 1}" : $"{(1 << (doubling - 1)) + 1}–{1 << doubling}";

    internal static string SurenessName(int sureness) => string.Create(CultureInfo.InvariantCulture, $"{Confidences[sureness]}–{Confidences[sureness + 1]}");

    internal static int Sureness(float confidence) => Math.Clamp(Array.FindLastIndex(Confidences, bound => confidence >= bound), 0, Confidences.Length - 2);

    static Dictionary<string, double> KlQuantiles(List<PositionPair> positions)
    {
        double[] sorted = [.. positions.Select(position => position.Kl).Order()];
        return sorted.Length == 0 ? [] : new[] { 0.5, 0.9, 0.99, 1 }.ToDictionary(share => share.ToString("0.##", CultureInfo.InvariantCulture), share => Interval.Quantile(sorted, share));
    }

    // The first bin holds everything below, the last everything above.
    static List<HistogramBin> KlHistogram(List<PositionPair> positions)
    {
        var counts = new long[(Decades * BinsADecade) + 1];
        foreach (var position in positions)
        {
            var place = double.IsNaN(position.Kl) || position.Kl <= LeastKl ? 0 : 1 + (int)Math.Min(counts.Length, Math.Log10(position.Kl / LeastKl) * BinsADecade);
            counts[Math.Min(place, counts.Length - 1)]++;
        }

        return [.. counts.Select((tokens, bin) => new HistogramBin(bin == 0 ? 0 : Bound(bin - 1), Bound(bin), tokens))];
    }

    static double Bound(int step) => LeastKl * Math.Pow(10, (double)step / BinsADecade);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(FidelityReport))]
[JsonSerializable(typeof(IReadOnlyList<FidelityReport>))]
sealed partial class FidelityJson : JsonSerializerContext;
