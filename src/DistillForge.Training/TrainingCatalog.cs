using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>What Training has to offer by name.</summary>
public static class TrainingCatalog
{
    public static Catalog<IArchitecture> Architectures { get; } = new(typeof(TrainingCatalog).Assembly);

    public static Catalog<ITokenLoss> Losses { get; } = new(typeof(TrainingCatalog).Assembly);

    public static Catalog<IRepresentationLoss> Representations { get; } = new(typeof(TrainingCatalog).Assembly);

    public static Catalog<IPreferenceLoss> Preferences { get; } = new(typeof(TrainingCatalog).Assembly);
}
