namespace DistillForge.Llama;

/// <summary>Quantizes GGUF files with llama.cpp, in a worker process.</summary>
public static class Quantizer
{
    /// <param name="type"><c>f32</c>, <c>f16</c>, <c>bf16</c>, <c>q8_0</c>, <c>q4_0</c>, <c>q4_k_m</c>, …</param>
    public static Task QuantizeAsync(string sourceGguf, string targetGguf, string type, CancellationToken cancellationToken) => throw new NotSupportedException();
}
