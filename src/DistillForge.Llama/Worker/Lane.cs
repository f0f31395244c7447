using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>A context that decodes by itself, beside the others of the same model.</summary>
/// <param name="Sequences">Decoded side by side in it.</param>
/// <param name="MaxOutputs">Rows of logits of one decode.</param>
sealed record Lane(int Number, ContextHandle Context, int Threads, int Sequences, int MaxOutputs)
{
    public nint Memory { get; } = LlamaApi.Memory(Context.Pointer);

    /// <summary>Of its KV cache.</summary>
    public int Cells { get; } = (int)LlamaApi.ContextCells(Context.Pointer);
}
