using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>A context that decodes by itself, beside the others of the same model.</summary>
sealed record Lane(int Number, ContextHandle Context, ContextPlan Plan)
{
    public nint Memory { get; } = LlamaApi.Memory(Context.Pointer);

    /// <summary>Decoded side by side in it.</summary>
    public int Sequences => Plan.Sequences;

    public int Threads => Plan.Threads;

    /// <summary>Of its KV cache.</summary>
    public int Cells { get; } = (int)LlamaApi.ContextCells(Context.Pointer);
}
