using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Training;

/// <summary>How the loss went, step by step; <c>training.json</c>.</summary>
public sealed record TrainingCurve
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>[steps] Weighted loss in nats a trained token.</summary>
    public List<double> Loss { get; init; } = [];

    /// <summary>[steps]</summary>
    public List<double> LearningRate { get; init; } = [];

    /// <summary>[steps] Norm of the whole gradient before clipping.</summary>
    public List<double> GradientNorm { get; init; } = [];

    /// <summary>After each epoch and at the end; empty when no row was held out.</summary>
    public List<ValidationPoint> Validation { get; init; } = [];

    public long Tokens { get; set; }

    public long TrainedTokens { get; set; }

    public double Seconds { get; set; }

    /// <summary>Why training ended before its last step; null where it did not.</summary>
    public string? Ended { get; set; }

    /// <summary>What the finished checkpoint holds; null until it is finished.</summary>
    public ExportedWeights? Exported { get; set; }

    /// <summary>The measurement that the held-out rows liked best, the first of equals; null when none was made.</summary>
    [JsonIgnore]
    public ValidationPoint? Best => Validation.MinBy(point => point.Measure);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    public static TrainingCurve FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<TrainingCurve>(json, Json) ?? throw new JsonException("null is no training curve");
}

/// <summary>What the held-out rows said.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">The weighted loss, nats a token.</param>
/// <param name="Losses">Standard measures in nats a token, whatever is trained: <c>cross-entropy</c>, and <c>forward-kl</c> to the teacher where rows are scored.</param>
public sealed record ValidationPoint(long Step, double Loss, IReadOnlyDictionary<string, double> Losses)
{
    /// <summary>KL to the teacher in nats a token, where there is a teacher.</summary>
    [JsonIgnore]
    public double? Kl => Losses.TryGetValue("forward-kl", out var kl) ? kl : null;

    /// <summary>Share of the held-out pairs whose chosen answer gained more than the rejected one, where rows are pairs.</summary>
    [JsonIgnore]
    public double? Preferred => Losses.TryGetValue(Preferences.Measured, out var share) ? share : null;

    /// <summary>What points are compared by: the KL to the teacher, or the cross-entropy where there is none; the loss where rows are pairs. Nats a token; lower is better.</summary>
    [JsonIgnore]
    public double Measure => (Preferred is not null ? Loss : Kl ?? (Losses.TryGetValue("cross-entropy", out var entropy) ? entropy : Loss)) is var value && double.IsNaN(value) ? double.PositiveInfinity : value;
}
