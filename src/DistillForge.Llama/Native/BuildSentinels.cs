using System.Runtime.CompilerServices;

namespace DistillForge.Llama.Native;

/// <summary>
/// Default values that only the bound release has at these offsets: the second check beside the hashes, since a struct that shifted by
/// a field would otherwise be read as nonsense (<c>llama_version()</c> says only <c>0.5.0-dev</c>).
/// </summary>
static class BuildSentinels
{
    public static void Check()
    {
        var wrong = Wrong().ToList();
        if (wrong.Count > 0)
        {
            throw Engine.AnotherBuild($"its default parameters differ: {string.Join(", ", wrong)}");
        }
    }

    static IEnumerable<string> Wrong()
    {
        var model = LlamaApi.ModelDefaults();
        var context = LlamaApi.ContextDefaults();
        var quantize = LlamaApi.QuantizeDefaults();
        (string Name, double Expected, double Found)[] values =
        [
            ("size of model parameters", 80, Unsafe.SizeOf<ModelParams>()),
            ("size of context parameters", 160, Unsafe.SizeOf<ContextParams>()),
            ("size of batch", 56, Unsafe.SizeOf<NativeBatch>()),
            ("size of quantize parameters", 64, Unsafe.SizeOf<QuantizeParams>()),
            ("size of candidates", 32, Unsafe.SizeOf<TokenCandidates>()),
            ("n_gpu_layers", -1, model.GpuLayers),
            ("split_mode", 1, model.SplitMode),
            ("load_mode", -1, model.LoadMode),
            ("lazy_mode", 1, model.LazyMode),
            ("use_extra_bufts", 1, model.UseExtraBuffers),
            ("load_mtp", 0, model.LoadMtp),
            ("n_ctx", 512, context.Context),
            ("n_batch", 2048, context.Batch),
            ("n_ubatch", 512, context.MicroBatch),
            ("n_seq_max", 1, context.MaxSequences),
            ("n_outputs_max_per_seq", 1, context.MaxOutputsPerSequence),
            ("n_threads", 4, context.Threads),
            ("rope_scaling_type", -1, context.RopeScalingType),
            ("flash_attn_type", -1, context.FlashAttention),
            ("yarn_beta_slow", -1, context.YarnBetaSlow),
            ("defrag_thold", -1, context.DefragThreshold),
            ("type_k", 1, context.TypeK),
            ("type_v", 1, context.TypeV),
            ("offload_kqv", 1, context.OffloadKqv),
            ("no_perf", 1, context.NoPerf),
            ("op_offload", 1, context.OpOffload),
            ("swa_full", 1, context.SwaFull),
            ("kv_unified", 0, context.UnifiedKv),
            ("ctx_other", 0, context.OtherContext),
            ("ftype", 7, quantize.FileType),
            ("output_tensor_type", 43, quantize.OutputTensorType),
            ("token_embedding_type", 43, quantize.TokenEmbeddingType),
            ("quantize_output_tensor", 1, quantize.QuantizeOutputTensor),
        ];
        return values.Where(v => v.Expected != v.Found).Select(v => $"{v.Name} is {v.Found}, not {v.Expected}");
    }
}
