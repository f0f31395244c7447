using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Runs.Benches;

/// <summary>What a student is told.</summary>
/// <param name="Gold">Share of the questions whose known answer it sees.</param>
/// <param name="AsksTeacher">It sees the teacher's answers to the other questions.</param>
/// <param name="IsEqualTime">It takes as many steps as fit into the time of forward KL's.</param>
sealed record DistillMethod(string Name, double Gold, bool AsksTeacher, IReadOnlyList<LossTerm> Losses, bool IsEqualTime = false)
{
    /// <summary>What the teacher's thoughts are captured at beside 1.</summary>
    public const float WarmTemperature = 2;

    static readonly LossTerm[] HardLabels = [new("cross-entropy")];
    static readonly LossTerm[] ForwardKl = [new("forward-kl")];
    static readonly LossTerm[] Tempered = [new("forward-kl", Options: new Given(new ForwardKl.Options(Temperature: WarmTemperature)))];
    static readonly LossTerm[] Both = [new("forward-kl", 0.7), new("cross-entropy", 0.3)];
    static readonly double[] Shares = [0.03, 0.1, 1];

    /// <summary>Where every question has a known answer, and the teacher is asked them all.</summary>
    public static IReadOnlyList<DistillMethod> OfAll { get; } =
    [
        new("forward KL", 0, AsksTeacher: true, ForwardKl),
        new("hard labels", 0, AsksTeacher: true, HardLabels),
        new("hard labels, equal time", 0, AsksTeacher: true, HardLabels, IsEqualTime: true),
        new("gold labels", 1, AsksTeacher: false, HardLabels),
        new("gold labels, equal time", 1, AsksTeacher: false, HardLabels, IsEqualTime: true),
        new("forward KL at T = 2", 0, AsksTeacher: true, Tempered),
        new("0.7 forward KL + 0.3 cross-entropy", 0, AsksTeacher: true, Both),
    ];

    /// <summary>Where known answers are few. With all of them there is nothing left to ask: hard labels are gold ones.</summary>
    public static IReadOnlyList<DistillMethod> OfShares { get; } = [.. Shares.SelectMany(OfShare)];

    /// <summary>The same rows and steps without the teacher's thoughts, which this is compared with; null where this is no forward KL.</summary>
    public static string? Beside(DistillMethod method) => method.Losses == HardLabels ? null
        : method.Gold >= 1 ? "100 % gold" : method.Gold > 0 ? method.Name.Split(" + ")[0] + " + hard labels" : "hard labels";

    static IEnumerable<DistillMethod> OfShare(double share)
    {
        var name = FormattableString.Invariant($"{100 * share:0} % gold");
        yield return new($"{name} + forward KL", share, AsksTeacher: true, ForwardKl);
        if (share < 1)
        {
            yield return new($"{name} + hard labels", share, AsksTeacher: true, HardLabels);
            yield return new($"{name} + hard labels, equal time", share, AsksTeacher: true, HardLabels, IsEqualTime: true);
        }

        yield return new(name, share, AsksTeacher: false, HardLabels);
        if (share >= 1)
        {
            yield return new($"{name}, equal time", share, AsksTeacher: false, HardLabels, IsEqualTime: true);
        }

        yield return new($"{name} + forward KL at T = 2", share, AsksTeacher: true, Tempered);
        yield return new($"{name} + 0.7 forward KL + 0.3 cross-entropy", share, AsksTeacher: true, Both);
    }
}
