namespace DistillForge.Training.Losses;

/// <summary>A learned linear map from the student's width to another, drawn from the seed.</summary>
static class Projection
{
    public static Weight Of(string name, int from, int to, long seed, Device device)
        => Initialisation.Normal($"projections.{name}", to, from, 1 / Math.Sqrt(from), seed, device);

    /// <param name="x">[n, from]</param>
    /// <returns>[n, to], as exact as x.</returns>
    public static Tensor Apply(this Weight projection, Tensor x) => nn.functional.linear(x, projection.Value.to_type(x.dtype));

    /// <summary>Rows of length 1; a row of zeros stays.</summary>
    public static Tensor Unit(this Tensor x) => x / (x.square().sum(-1, keepdim: true) + 1e-12).sqrt();
}

/// <summary>Layers as recipes number them: from 1, and from the end below 0; −1 is the last.</summary>
static class LayerNumber
{
    public static int Of(int written, int layers) => written < 0 ? layers + 1 + written : written;

    public static bool Exists(int written, int layers) => Of(written, layers) is var layer && layer >= 1 && layer <= layers;
}
