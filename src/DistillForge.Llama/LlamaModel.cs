using DistillForge.Core;
using DistillForge.Llama.Client;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Llama;

/// <summary>A GGUF model run by llama.cpp in a worker process, which is restarted when it dies.</summary>
/// <remarks>Calls may overlap and are batched; nothing native is ever loaded into this process.</remarks>
public sealed class LlamaModel : IAnswerScorer, ITokenizer, IAsyncDisposable
{
    const int DeepestGrammar = 1000;

    readonly WorkerClient worker;
    readonly Lazy<ITokenizer> tokenizer;
    readonly Lazy<Dialogue> dialogue;

    LlamaModel(string path, string sha256, Vocabulary vocabulary, WorkerClient worker, byte[] opened)
    {
        (Path, Sha256, Tokens, this.worker) = (path, sha256, vocabulary, worker);
        var reader = new FrameReader(opened);
        Parameters = reader.ReadLong();
        VocabularySize = reader.ReadInt();
        Context = reader.ReadInt();
        Parallel = reader.ReadInt();
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var left = reader.ReadInt(); left > 0; left--)
        {
            settings.Add(reader.ReadString(), reader.ReadString());
        }

        Settings = settings;
        tokenizer = new Lazy<ITokenizer>(() => PromptTokenizer.For(this));
        dialogue = new Lazy<Dialogue>(() => new Dialogue(Tokens, tokenizer.Value));
    }

    public string Path { get; }

    /// <summary>Of the file, or of file and adapter; the identity of a teacher.</summary>
    public string Sha256 { get; }

    /// <summary>Its tokens and chat template, as the managed reader found them.</summary>
    public Vocabulary Tokens { get; }

    public string Vocabulary => Tokens.Fingerprint;

    /// <summary>How conversations become ids for this model.</summary>
    /// <exception cref="ForgeException">It has no chat template that we can render.</exception>
    public Dialogue Dialogue => dialogue.Value;

    public long Parameters { get; }

    /// <summary>Without padding.</summary>
    public int VocabularySize { get; }

    /// <summary>Longest sequence in tokens.</summary>
    public int Context { get; }

    /// <summary>Sequences decoded side by side.</summary>
    public int Parallel { get; }

    /// <summary>What was chosen, for manifests: build, cpu, threads, parallel, context, kv_type, flash_attention, …</summary>
    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Of the worker that lives now.</summary>
    public int WorkerProcessId => worker.ProcessId;

    /// <summary>Checks the file and the memory there is, then loads it in a worker.</summary>
    /// <exception cref="ForgeException">Missing, truncated, no GGUF, or of an unsupported architecture (exit code 2); no engine, or another build of it (3).</exception>
    public static async Task<LlamaModel> OpenAsync(string gguf, LlamaOptions options, CancellationToken cancellationToken)
    {
        var path = System.IO.Path.GetFullPath(gguf);
        var vocabulary = ReadChecked(path, options);
        var lora = options.Lora is { Length: > 0 } given ? System.IO.Path.GetFullPath(given) : "";
        LoraFile.Check(lora, path);
        var sha256 = await Task.Run(() => Identity(path, lora), cancellationToken);
        var request = new OpenRequest(path, options.Threads, options.Parallel, options.Context, options.Exact, vocabulary.RealSize, lora);
        var worker = new WorkerClient(WorkerAssembly.Find(options.WorkerPath), Engine.Verify(), request.Write, options.Patience);
        try
        {
            var opened = await worker.Opened.WaitAsync(cancellationToken);
            return new LlamaModel(path, sha256, vocabulary, worker, opened);
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    public async Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken)
        => await CompleteTokensAsync(Dialogue.Prompt(prompt.Messages), sampling, prompt.Seed, cancellationToken);

    public TokenSequence Sequence(IReadOnlyList<Message> messages, string answer) => Dialogue.Sequence(messages, answer);

    /// <summary>Continues a prompt that is tokens already.</summary>
    /// <exception cref="CompletionFailedException">This prompt cannot be answered; others may.</exception>
    public Task<Completion> CompleteTokensAsync(IReadOnlyList<int> promptIds, Sampling sampling, long seed, CancellationToken cancellationToken)
        => ContinueAsync(promptIds, sampling, seed, Tokens.ChatTemplate is null ? CompletionRequest.NoEnd : Dialogue.End, cancellationToken);

    /// <summary>Continues a prompt and hands out the answer while it grows; a stop string's beginning is kept back until it is known to be none.</summary>
    /// <param name="onPart">Called in order, from a thread that others wait for: it only takes note. Never called again after the task has ended.</param>
    /// <exception cref="CompletionFailedException">This prompt cannot be answered; others may. Also when the worker dies after the first part.</exception>
    public Task<Completion> StreamTokensAsync(IReadOnlyList<int> promptIds, Sampling sampling, long seed, Action<CompletionPart> onPart, CancellationToken cancellationToken)
        => ContinueAsync(promptIds, sampling, seed, Tokens.ChatTemplate is null ? CompletionRequest.NoEnd : Dialogue.End, cancellationToken, onPart);

    /// <summary>Continues a prompt for as many tokens as the sampling says; an end token ends nothing. For measuring.</summary>
    public Task<Completion> ContinueToLengthAsync(IReadOnlyList<int> promptIds, Sampling sampling, long seed, CancellationToken cancellationToken)
        => ContinueAsync(promptIds, sampling, seed, CompletionRequest.AtLength, cancellationToken);

    async Task<Completion> ContinueAsync(IReadOnlyList<int> promptIds, Sampling sampling, long seed, int end, CancellationToken cancellationToken, Action<CompletionPart>? onPart = null)
    {
        int[] ids = [.. promptIds];
        CheckTokens(ids, ids.Length, room: 1);
        CheckGrammar(sampling.Grammar);
        var plan = sampling.Capture is { } capture ? TracePlan.Of(capture) : null;
        var grammar = sampling.JsonSchema is { } schema ? JsonSchemaGrammar.ToGbnf(schema) : sampling.Grammar;
        var pieces = onPart is null ? null : new AnswerPieces(this, plan, onPart);
        return await worker.AskAsync(
            FrameKind.Complete,
            to => CompletionRequest.Write(to, ids, sampling, seed, end, grammar, live: pieces is not null, plan),
            (frame, parts) => CompletionRequest.Read(frame, parts, this, ids, plan),
            cancellationToken,
            pieces is null ? null : pieces.Take);
    }

    public async Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken)
    {
        if (tokens.Vocabulary != Vocabulary)
        {
            throw new CompletionFailedException("vocabulary-differs", $"the tokens are of vocabulary {tokens.Vocabulary}, the model has {Vocabulary}");
        }

        int[] ids = [.. tokens.TokenIds];
        CheckTokens(ids, tokens.PromptLength, room: 0);
        var plan = TracePlan.Of(want);
        if (plan.Ids.FirstOrDefault(id => id < 0 || id >= VocabularySize, defaultValue: -2) is var unknown and not -2)
        {
            throw new CompletionFailedException("unknown-token", $"token {unknown} is not within 0 … {VocabularySize - 1}");
        }

        return ids.Length == tokens.PromptLength
            ? new TraceReader(plan, VocabularySize).Build(Sha256, Vocabulary, ids, 0)
            : await worker.AskAsync(FrameKind.Score, to => ScoreRequest.Write(to, ids, tokens.PromptLength, plan), (frame, parts) => ScoreRequest.Read(frame, parts, this, ids.AsSpan(0, tokens.PromptLength), plan), cancellationToken);
    }

    public int[] Encode(string text, bool parseSpecial) => AskIdsAsync(text, parseSpecial, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>The same, without a thread that waits; where our own tokenizer gives llama.cpp's ids, without the worker.</summary>
    public Task<int[]> EncodeAsync(string text, bool parseSpecial, CancellationToken cancellationToken)
        => tokenizer.Value != this ? Task.FromResult(tokenizer.Value.Encode(text, parseSpecial)) : AskIdsAsync(text, parseSpecial, cancellationToken);

    Task<int[]> AskIdsAsync(string text, bool parseSpecial, CancellationToken cancellationToken)
        => worker.AskAsync(FrameKind.Encode, to =>
        {
            to.Write(parseSpecial);
            to.Write(text);
        }, static (frame, _) => Answers.ReadTokens(frame), cancellationToken);

    public string Decode(IReadOnlyList<int> ids)
    {
        CheckRange([.. ids]);
        return worker.AskAsync(FrameKind.Decode, to => to.WriteArray([.. ids]), static (frame, _) => Answers.ReadText(frame), CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Measures the decodes alone, in fresh contexts; ask while nothing else runs.</summary>
    public Task<Speed> MeasureSpeedAsync(CancellationToken cancellationToken)
        => worker.AskAsync(FrameKind.MeasureSpeed, static _ => { }, static (frame, _) => Answers.ReadSpeed(frame), cancellationToken);

    /// <summary>Times a bare decode loop of the same model in contexts of its own; ask while nothing else runs.</summary>
    /// <exception cref="ForgeException">There is no memory for it.</exception>
    public Task<DecodeTime> MeasureDecodeAsync(DecodeLoop loop, CancellationToken cancellationToken)
        => worker.AskAsync(FrameKind.MeasureDecode, to => LoopRequest.Write(to, loop), static (frame, _) => Answers.ReadTime(frame), cancellationToken);

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    static Vocabulary ReadChecked(string path, LlamaOptions options)
    {
        using var file = GgufFile.Open(path);
        var vocabulary = Text.Vocabulary.FromGguf(file);
        MemoryNeed.Of(file, options).Check(path, MemoryNeed.FreeBytes());
        return vocabulary;
    }

    // With an adapter it is another model.
    static string Identity(string path, string lora)
        => lora.Length == 0 ? Core.Sha256.OfFile(path) : Core.Sha256.OfText($"{Core.Sha256.OfFile(path)} with LoRA {Core.Sha256.OfFile(lora)}");

    void CheckTokens(int[] ids, int promptLength, int room)
    {
        if (promptLength < 1 || promptLength > ids.Length)
        {
            throw new CompletionFailedException("empty-prompt", $"the prompt has {promptLength} of {ids.Length} tokens; without one before it no token can be predicted");
        }

        if (ids.Length + room > Context)
        {
            throw room > 0
                ? new CompletionFailedException("prompt-too-long", $"the prompt has {ids.Length} tokens, the context holds {Context} and one must be left for the answer")
                : new CompletionFailedException("sequence-too-long", $"the sequence has {ids.Length} tokens, the context holds {Context}");
        }

        CheckRange(ids);
    }

    // llama.cpp reads nested groups by recursion, and too many overflow the worker's stack: refused here, it costs nobody a restart.
    static void CheckGrammar(string? grammar)
    {
        var depth = 0;
        foreach (var character in grammar ?? "")
        {
            depth += character == '(' ? 1 : character == ')' && depth > 0 ? -1 : 0;
            if (depth > DeepestGrammar)
            {
                throw new CompletionFailedException("grammar-unreadable", $"the grammar nests groups more than {DeepestGrammar} deep");
            }
        }
    }

    void CheckRange(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if (id < 0 || id >= VocabularySize)
            {
                throw new CompletionFailedException("unknown-token", $"token {id} is not within 0 … {VocabularySize - 1}");
            }
        }
    }
}
