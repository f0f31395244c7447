namespace DistillForge.Training.Devices;

/// <summary>What must be settled before the first tensor.</summary>
public static class TrainingEngine
{
    /// <param name="threads">0 takes every processor.</param>
    public static void Configure(int threads) => Engine.Configure(threads);
}
