using System.Globalization;

namespace DistillForge.Core;

/// <summary>How a weight goes from its first value to its last.</summary>
public enum WeightShape
{
    Linear,

    /// <summary>Half a cosine: slow at both ends.</summary>
    Cosine,
}

/// <summary>A loss's share of the objective: the same in every step, or moved over the run (α between teacher and labels).</summary>
/// <param name="From">In the first step; 0 or more.</param>
/// <param name="To">In the last step; 0 or more.</param>
public sealed record ScheduledWeight(double From, double To, WeightShape Shape = WeightShape.Linear)
{
    public static implicit operator ScheduledWeight(double value) => new(value, value);

    public bool IsConstant => From == To;

    /// <summary>The larger of both ends: a weight of 0 throughout teaches nothing.</summary>
    public double Highest => Math.Max(From, To);

    public bool IsValid => double.IsFinite(From) && double.IsFinite(To) && From >= 0 && To >= 0;

    /// <summary>What a plain number in the recipe means.</summary>
    /// <exception cref="FormatException">Says what is allowed.</exception>
    public static ScheduledWeight FromText(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
        ? value
        : throw new FormatException($"is '{text}'; it takes a number, or {{ from: 0.9, to: 0.5 }}");

    /// <param name="progress">0 at the first step … 1 at the last.</param>
    public double At(double progress)
    {
        var way = Math.Clamp(progress, 0, 1);
        return From + (To - From) * (Shape == WeightShape.Cosine ? 0.5 * (1 - Math.Cos(Math.PI * way)) : way);
    }

    public override string ToString() => IsConstant
        ? From.ToString("R", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{From:R} to {To:R} {(Shape == WeightShape.Cosine ? "cosine" : "linear")}");
}

/// <summary>What a token is judged by, before its loss is weighed.</summary>
public enum TokenMeasure
{
    /// <summary>Probability of the teacher's most likely token, 0 … 1.</summary>
    TeacherConfidence,

    /// <summary>The teacher's entropy over the logarithm of the vocabulary's size, 0 … 1.</summary>
    TeacherEntropy,

    /// <summary>Forward KL from teacher to student at this token as it is now, nats; no gradient flows through it.</summary>
    Divergence,
}

/// <summary>
/// How much each token of a loss counts: m^power, and 0 for tokens that are not selected. Not normalised: the sum is still divided by
/// all trained tokens, so that it does not depend on how a batch was split.
/// </summary>
/// <param name="By">m.</param>
/// <param name="Power">Empty: 1, or 0 (all selected tokens alike) where tokens are selected.</param>
/// <param name="AtLeast">Selects tokens whose m is this or more.</param>
/// <param name="AtMost">Selects tokens whose m is this or less.</param>
/// <param name="Share">Selects this share of the batch's tokens, those with the highest m; 1 is all.</param>
public sealed record TokenWeighting(TokenMeasure By, double? Power = null, double? AtLeast = null, double? AtMost = null, double Share = 1)
{
    public bool Selects => AtLeast is not null || AtMost is not null || Share < 1;

    public double EffectivePower => Power ?? (Selects ? 0 : 1);

    public IEnumerable<Problem> Check()
    {
        if (Power is < 0 or > 16)
        {
            yield return new Problem("tokens.power", $"is {Power}; it lies between 0 and 16.");
        }

        if (Share is <= 0 or > 1)
        {
            yield return new Problem("tokens.share", $"is {Share}; it is a share above 0 and up to 1.");
        }

        if (AtLeast > AtMost)
        {
            yield return new Problem("tokens.at_least", $"is {AtLeast}, above at_most ({AtMost}): no token would be left.");
        }
    }
}
