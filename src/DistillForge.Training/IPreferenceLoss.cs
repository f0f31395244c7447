using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>What the student is told about pairs of answers to one prompt, of which one is better.</summary>
/// <remarks>
/// The implementer returns one value a pair, with a gradient, in the type of what it is given, and takes no pair from another. A gain is
/// log π(answer) − log π₀(answer) in nats over the whole answer, its end included; π₀ is the model that the student started from.
/// </remarks>
public interface IPreferenceLoss
{
    /// <param name="chosen">[S] Gains of the better answers.</param>
    /// <param name="rejected">[S] Gains of the worse ones.</param>
    /// <returns>[S]</returns>
    Tensor PerPair(Tensor chosen, Tensor rejected);
}

/// <summary>A loss on pairs and its share.</summary>
public sealed record WeightedPreference(string Name, IPreferenceLoss Loss, ScheduledWeight Weight);
