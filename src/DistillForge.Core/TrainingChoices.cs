namespace DistillForge.Core;

/// <summary>How the learning rate goes after its warm-up.</summary>
public enum RateSchedule
{
    /// <summary>Half a cosine down to what is left at the end.</summary>
    Cosine,

    /// <summary>A straight line down to what is left at the end.</summary>
    Linear,

    /// <summary>Warm-up, stable, decay: the peak is held, and the last steps go down in a straight line. Hu et al., MiniCPM, 2024.</summary>
    Wsd,

    /// <summary>The peak is held to the end.</summary>
    Constant,
}

/// <summary>Which weights leave.</summary>
public enum KeptWeights
{
    /// <summary>Those after the last step.</summary>
    Last,

    /// <summary>Those that the held-out rows liked best.</summary>
    Best,
}
