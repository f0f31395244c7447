using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>What a context is made for.</summary>
/// <param name="CellsPerSequence">Tokens that one sequence may hold; a unified cache holds <paramref name="Sequences"/> times as many for all.</param>
/// <param name="MaxOutputs">Rows of logits of one decode.</param>
sealed record ContextPlan(int Sequences, int CellsPerSequence, int Threads, int MaxOutputs, CacheLayout Layout)
{
    /// <summary>Tokens of one decode; also the chunk in which exact scoring reads.</summary>
    public const int MicroBatch = 512;

    /// <summary>Attention reads whole steps of so many cells.</summary>
    public const int CellStep = 256;

    const int F32 = 0;
    const int F16 = 1;
    const int FlashAttentionOff = 0;
    const int FlashAttentionAuto = -1;

    /// <summary>Of the whole cache.</summary>
    public long Cells => (long)Sequences * RoundUp(CellsPerSequence);

    public static int RoundUp(long cells) => (int)Math.Min(int.MaxValue - CellStep, (cells + CellStep - 1) / CellStep * CellStep);

    public ContextHandle Open(ModelHandle model)
    {
        var parameters = LlamaApi.ContextDefaults();
        (parameters.Context, parameters.Batch, parameters.MicroBatch, parameters.MaxSequences) = ((uint)Cells, MicroBatch, MicroBatch, (uint)Sequences);
        (parameters.MaxOutputs, parameters.Threads, parameters.ThreadsBatch) = ((uint)MaxOutputs, Threads, Threads);
        (parameters.TypeK, parameters.TypeV) = Layout.Float32 ? (F32, F32) : (F16, F16);
        parameters.FlashAttention = Layout.FlashAttention ? FlashAttentionAuto : FlashAttentionOff;
        parameters.UnifiedKv = Layout.Unified ? (byte)1 : (byte)0;
        return ContextHandle.Create(model, parameters);
    }
}
