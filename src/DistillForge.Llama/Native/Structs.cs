using System.Runtime.InteropServices;

namespace DistillForge.Llama.Native;

// llama.h of v0.5.0, passed and returned by value; bool is a byte. The sizes are checked by BuildSentinels.

/// <summary>80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct ModelParams
{
    public nint Devices;
    public nint TensorBufferOverrides;
    public int GpuLayers;
    public int SplitMode;
    public int LoadMode;
    public int LazyMode;
    public int MainGpu;
    public float* TensorSplit;
    public nint ProgressCallback;
    public nint ProgressCallbackUserData;
    public nint KeyValueOverrides;
    public byte VocabularyOnly;
    public byte CheckTensors;
    public byte UseExtraBuffers;
    public byte NoHost;
    public byte NoAllocation;
    public byte LoadMtp;
}

/// <summary>160 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
struct ContextParams
{
    public uint Context;
    public uint Batch;
    public uint MicroBatch;
    public uint MaxSequences;
    public uint RecurrentSnapshots;
    public uint MaxOutputs;
    public uint MaxOutputsPerSequence;
    public int Threads;
    public int ThreadsBatch;
    public int ContextType;
    public int RopeScalingType;
    public int PoolingType;
    public int AttentionType;
    public int FlashAttention;
    public float RopeFreqBase;
    public float RopeFreqScale;
    public float YarnExtFactor;
    public float YarnAttentionFactor;
    public float YarnBetaFast;
    public float YarnBetaSlow;
    public uint YarnOriginalContext;
    public float DefragThreshold;
    public nint EvalCallback;
    public nint EvalCallbackUserData;
    public int TypeK;
    public int TypeV;
    public nint AbortCallback;
    public nint AbortCallbackData;
    public byte Embeddings;
    public byte OffloadKqv;
    public byte NoPerf;
    public byte OpOffload;
    public byte SwaFull;
    public byte UnifiedKv;
    public nint Samplers;
    public nuint SamplerCount;
    public nint OtherContext;
}

/// <summary>56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct NativeBatch
{
    public int TokenCount;
    public int* Token;
    public float* Embedding;
    public int* Position;
    public int* SequenceCount;
    public int** Sequence;
    public sbyte* Output;
}

/// <summary>64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
struct QuantizeParams
{
    public int Threads;
    public int FileType;
    public int OutputTensorType;
    public int TokenEmbeddingType;
    public byte AllowRequantize;
    public byte QuantizeOutputTensor;
    public byte OnlyCopy;
    public byte Pure;
    public byte KeepSplit;
    public byte DryRun;
    public nint ImportanceMatrix;
    public nint KeyValueOverrides;
    public nint TensorTypeOverrides;
    public nint PruneLayers;
    public nuint MaxBufferSize;
}

/// <summary>12 bytes: what a sampler may choose from.</summary>
[StructLayout(LayoutKind.Sequential)]
struct TokenCandidate
{
    public int Id;
    public float Logit;
    public float Probability;
}

/// <summary>32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct TokenCandidates
{
    public TokenCandidate* Data;
    public nuint Size;
    public long Selected;
    public byte Sorted;
}
