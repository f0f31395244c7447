using System.Text;
using DistillForge.Core;
using DistillForge.Llama.Native;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>A model with its context, and the settings that were chosen for it.</summary>
sealed unsafe class LoadedModel : IDisposable
{
    const int OutputFloats = 1 << 24;

    readonly ModelHandle model;
    readonly nint vocabulary;
    readonly bool[] ends;

    LoadedModel(ModelHandle model, OpenRequest request)
    {
        this.model = model;
        vocabulary = LlamaApi.Vocabulary(model.Pointer);
        NativeVocabularySize = LlamaApi.VocabularySize(vocabulary);
        VocabularySize = request.VocabularySize is > 0 and var real && real <= NativeVocabularySize ? real : NativeVocabularySize;
        ends = [.. Enumerable.Range(0, NativeVocabularySize).Select(id => LlamaApi.IsEndOfGeneration(vocabulary, id))];
        Threads = request.Threads > 0 ? request.Threads : Environment.ProcessorCount;
        Exact = request.Exact;
        ContextLength = ChooseContext(request);
        var parallel = request.Parallel > 0 ? (int)Math.Min((uint)request.Parallel, (uint)LlamaApi.MaxSequences()) : ChooseParallel();
        Lanes = OpenLanes(ChooseLanes(parallel), parallel);
    }

    /// <summary>Rows of the logits: the real vocabulary and the padding behind it.</summary>
    public int NativeVocabularySize { get; }

    /// <summary>Without padding: what is summed over, drawn from and captured.</summary>
    public int VocabularySize { get; }

    public int Threads { get; }

    /// <summary>Sequences decoded side by side, on all lanes together.</summary>
    public int Parallel => Lanes.Sum(lane => lane.Sequences);

    /// <summary>Longest sequence.</summary>
    public int ContextLength { get; }

    public bool Exact { get; }

    public CacheLayout Layout => new(Unified: true, UsesFlashAttention, Exact);

    public IReadOnlyList<Lane> Lanes { get; }

    /// <summary>
    /// As many cells as a lane fills willingly. Every token pays for all of its lane's cells, its own sequence's or not, in steps of 256:
    /// here attention costs about a sixth of the matrices. Measured on 4 M parameters: 256 cells 9,900 tokens/s, 512 7,800.
    /// </summary>
    public int ComfortableCells
    {
        get
        {
            var attention = 2.0 * LlamaApi.Width(model.Pointer) * LlamaApi.Layers(model.Pointer);
            var cells = LlamaApi.ParameterCount(model.Pointer) / attention / 6;
            return (int)Math.Clamp(Math.Round(cells / ContextPlan.CellStep) * ContextPlan.CellStep, ContextPlan.CellStep, 1 << 20);
        }
    }

    public static LoadedModel Load(OpenRequest request)
    {
        var handle = ModelHandle.Load(request.Path);
        return LlamaApi.HasEncoder(handle.Pointer) || !LlamaApi.HasDecoder(handle.Pointer)
            ? throw new ForgeException(new Problem(request.Path, "has an encoder; only decoder-only models can answer here.", "Try a chat or text-completion model."))
            : new LoadedModel(handle, request);
    }

    public bool IsEnd(int token) => ends[token];

    /// <summary>Text of a token as it continues a text; nothing for a control token.</summary>
    /// <returns>Its length.</returns>
    public int Piece(int token, Span<byte> to)
    {
        fixed (byte* buffer = to)
        {
            return Math.Max(0, LlamaApi.TokenToPiece(vocabulary, token, buffer, to.Length, 0, 0));
        }
    }

    public int[] Encode(string text, bool parseSpecial)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var ids = new int[bytes.Length + 8];
        fixed (byte* from = bytes)
        fixed (int* to = ids)
        {
            byte nothing = 0;
            var count = LlamaApi.Tokenize(vocabulary, from is null ? &nothing : from, bytes.Length, to, ids.Length, 0, parseSpecial ? (byte)1 : (byte)0);
            return count < 0 ? throw new InvalidOperationException($"{bytes.Length} bytes became {-count} tokens") : ids[..count];
        }
    }

    public byte[] Decode(ReadOnlySpan<int> ids)
    {
        var text = new FrameWriter();
        Span<byte> piece = stackalloc byte[1024];
        foreach (var id in ids)
        {
            text.Write(piece[..Piece(id, piece)]);
        }

        return text.Written.ToArray();
    }

    /// <summary>Another context of the same model; the weights are shared.</summary>
    public ContextHandle Open(ContextPlan plan) => plan.Open(model);

    /// <summary>Rows of logits that one decode may give.</summary>
    public int MaxOutputs(int sequences) => Math.Max(sequences, Math.Clamp(OutputFloats / NativeVocabularySize, 1, ContextPlan.MicroBatch));

    public void WriteOpened(FrameWriter to)
    {
        to.Write((long)LlamaApi.ParameterCount(model.Pointer));
        to.Write(VocabularySize);
        to.Write(ContextLength);
        to.Write(Parallel);
        var settings = Settings();
        to.Write(settings.Length);
        foreach (var (key, value) in settings)
        {
            to.Write(key);
            to.Write(value);
        }
    }

    public void Dispose()
    {
        foreach (var lane in Lanes)
        {
            lane.Context.Dispose();
        }

        model.Dispose();
    }

    bool IsSmall => LlamaApi.ParameterCount(model.Pointer) < 200_000_000;

    // On few cells plain matrices beat ggml's flash attention, which takes them one by one, if its fast kernels take the head size.
    bool UsesFlashAttention => !Exact && !(IsSmall && LlamaApi.Width(model.Pointer) / Math.Max(1, LlamaApi.Heads(model.Pointer)) % 16 == 0);

    (string Key, string Value)[] Settings() =>
    [
        ("build", Engine.Build),
        ("cpu", NativeLibraries.Variant),
        ("threads", $"{Threads}"),
        ("lanes", $"{Lanes.Count}"),
        ("parallel", $"{Parallel}"),
        ("context", $"{ContextLength}"),
        ("kv_cells", $"{Lanes.Sum(lane => lane.Cells)}"),
        ("kv_type", Exact ? "f32" : "f16"),
        ("kv_unified", "true"),
        ("flash_attention", UsesFlashAttention ? "auto" : "off"),
        ("comfortable_cells", $"{ComfortableCells}"),
        ("batch", $"{ContextPlan.MicroBatch}"),
        ("decode_order", Exact ? "prompts and scores alone" : "mixed"),
    ];

    int ChooseContext(OpenRequest request)
    {
        const int Longest = 4096;
        var trained = LlamaApi.TrainedContext(model.Pointer);
        return request.Context > trained
            ? throw new ForgeException(new Problem("teacher.context", $"is {request.Context}, but {request.Path} was trained for {trained} tokens.", $"Write at most {trained}."))
            : request.Context > 0 ? request.Context : Math.Min(trained, Longest);
    }

    // Small models are bound by the cost of a step, large ones by memory.
    int ChooseParallel() => LlamaApi.ParameterCount(model.Pointer) switch
    {
        < 500_000_000 => 32,
        < 3_000_000_000 => 16,
        _ => 8,
    };

    // Threads that share a small model's step wait for one another hundreds of times in a millisecond. So a small model is decoded in as
    // many contexts as there are threads, each with one thread and its share of the sequences; the weights are shared.
    int ChooseLanes(int parallel) => IsSmall ? Math.Min(Threads, parallel) : 1;

    List<Lane> OpenLanes(int count, int parallel)
    {
        var lanes = new List<Lane>();
        for (var number = 0; number < count; number++)
        {
            var sequences = (parallel + count - 1 - number) / count;
            var threads = Math.Max(1, (Threads + count - 1 - number) / count);
            var context = Open(new ContextPlan(sequences, ChooseCells(sequences, count) / sequences, threads, MaxOutputs(sequences), Layout));
            lanes.Add(new Lane(number, context, threads, sequences, MaxOutputs(sequences)));
        }

        return lanes;
    }

    // All sequences at full length, but together at most a quarter of the memory, and never less than one whole sequence.
    int ChooseCells(int sequences, int lanes)
    {
        var width = (long)LlamaApi.Width(model.Pointer) / Math.Max(1, LlamaApi.Heads(model.Pointer)) * LlamaApi.KeyValueHeads(model.Pointer);
        var cellBytes = Math.Max(1, 2 * LlamaApi.Layers(model.Pointer) * width * (Exact ? sizeof(float) : sizeof(short)));
        var affordable = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 / lanes / cellBytes;
        var cells = Math.Max(ContextLength, Math.Min((long)sequences * ContextLength, affordable));
        return (int)Math.Min(int.MaxValue - ContextPlan.CellStep, (cells + ContextPlan.CellStep - 1) / ContextPlan.CellStep * ContextPlan.CellStep);
    }
}
