namespace DistillForge.Torch.Modules;

/// <summary>The Gaussian error linear unit (Hendrycks and Gimpel, 2016).</summary>
public static class GELU
{
    /// <summary>How x · Φ(x) is computed.</summary>
    public enum Approximate
    {
        none,
        tanh,
    }
}
