using System.Text;
using DistillForge.Core;
using DistillForge.Llama.Native;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>A model with its contexts, and the settings that were chosen for it.</summary>
sealed unsafe class LoadedModel : IDisposable
{
    const int OutputFloats = 1 << 24;
    const int LongestContext = 4096;

    readonly ModelHandle model;
    readonly nint vocabulary;
    readonly nint lora;
    readonly bool[] ends;
    readonly LaneChoice choice;

    LoadedModel(ModelHandle model, OpenRequest request)
    {
        this.model = model;
        vocabulary = LlamaApi.Vocabulary(model.Pointer);
        NativeVocabularySize = LlamaApi.VocabularySize(vocabulary);
        VocabularySize = request.VocabularySize is > 0 and var real && real <= NativeVocabularySize ? real : NativeVocabularySize;
        ends = [.. Enumerable.Range(0, NativeVocabularySize).Select(id => LlamaApi.IsEndOfGeneration(vocabulary, id))];
        Grammars = new Grammars(vocabulary, VocabularySize);
        lora = request.Lora.Length > 0 ? model.LoadLora(request.Lora) : 0;
        Threads = request.Threads > 0 ? request.Threads : Environment.ProcessorCount;
        Exact = request.Exact;
        ContextLength = ChooseContext(request);
        choice = LaneChoice.For(this, request.Parallel);
        Lanes = OpenLanes();
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

    public Grammars Grammars { get; }

    public CacheLayout Layout => choice.Layout;

    public IReadOnlyList<Lane> Lanes { get; }

    public long Parameters => (long)LlamaApi.ParameterCount(model.Pointer);

    /// <summary>Part of a sequence's state can be copied or dropped.</summary>
    public bool CanSharePrefix => !Exact && !LlamaApi.IsRecurrent(model.Pointer) && !LlamaApi.IsHybrid(model.Pointer);

    /// <summary>Of the KV cache, for one token.</summary>
    public long CellBytes
    {
        get
        {
            var width = (long)LlamaApi.Width(model.Pointer) / Math.Max(1, LlamaApi.Heads(model.Pointer)) * LlamaApi.KeyValueHeads(model.Pointer);
            return Math.Max(1, 2 * LlamaApi.Layers(model.Pointer) * width * (Exact ? sizeof(float) : sizeof(short)));
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

    /// <summary>A token that is no text.</summary>
    public bool IsControl(int token) => LlamaApi.IsControl(vocabulary, token);

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

    /// <summary>A context of this model; the weights are shared.</summary>
    public ContextHandle Open(ContextPlan plan)
    {
        var context = plan.Open(model);
        if (lora != 0)
        {
            context.Apply(lora);
        }

        return context;
    }

    /// <summary>Rows of logits that one decode may give.</summary>
    public int MaxOutputs(int sequences) => Math.Max(sequences, Math.Clamp(OutputFloats / NativeVocabularySize, 1, ContextPlan.MicroBatch));

    public void WriteOpened(FrameWriter to)
    {
        to.Write(Parameters);
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

    (string Key, string Value)[] Settings() =>
    [
        ("build", Engine.Build),
        ("cpu", NativeLibraries.Variant),
        ("threads", $"{Threads}"),
        ("lanes", $"{Lanes.Count}"),
        ("parallel", $"{Parallel}"),
        ("parallel_chosen_by", choice.By),
        ("context", $"{ContextLength}"),
        ("kv_cells", $"{Lanes.Sum(lane => lane.Cells)}"),
        ("kv_type", Layout.Float32 ? "f32" : "f16"),
        ("kv_unified", Layout.Unified ? "true" : "false"),
        ("flash_attention", Layout.FlashAttention ? "auto" : "off"),
        ("batch", $"{ContextPlan.MicroBatch}"),
        ("exact", Exact ? "true" : "false"),
        ("decode_order", Exact ? "one sequence at a time" : "mixed"),
        ("prefix_sharing", CanSharePrefix ? "on" : "off"),
    ];

    int ChooseContext(OpenRequest request)
    {
        var trained = LlamaApi.TrainedContext(model.Pointer);
        return request.Context > trained
            ? throw new ForgeException(new Problem("teacher.context", $"is {request.Context}, but {request.Path} was trained for {trained} tokens.", $"Write at most {trained}."))
            : request.Context > 0 ? request.Context : Math.Min(trained, LongestContext);
    }

    List<Lane> OpenLanes()
    {
        var lanes = new List<Lane>();
        for (var number = 0; number < choice.Contexts; number++)
        {
            var sequences = (choice.Sequences + choice.Contexts - 1 - number) / choice.Contexts;
            var threads = Math.Max(1, (Threads + choice.Contexts - 1 - number) / choice.Contexts);
            var plan = new ContextPlan(sequences, ContextLength, threads, MaxOutputs(sequences), Layout);
            lanes.Add(new Lane(number, Open(plan), plan));
        }

        return lanes;
    }
}
