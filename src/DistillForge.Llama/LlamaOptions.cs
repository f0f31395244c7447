namespace DistillForge.Llama;

/// <summary>How a GGUF is run.</summary>
/// <param name="Threads">0 takes every core.</param>
/// <param name="Parallel">How many sequences are decoded side by side; 0 measures briefly which number is fastest, within the memory there is.</param>
/// <param name="Context">Longest sequence in tokens, prompt and completion; 0 takes the model's own, at most 4,096.</param>
/// <param name="Exact">
/// F32 KV cache, no flash attention, and a fixed order of decoding: each sequence is decoded alone, from its first token on, its prompt
/// in chunks of 512 tokens, so that nothing depends on the company it keeps. For scoring, the export gate and parity tests, and for
/// answers that must be the same whatever else is asked.
/// </param>
/// <param name="Lora">A LoRA adapter (GGUF) that the model is run with; null for none.</param>
/// <param name="Patience">How long a worker that has something to do may use no processor time before it is killed and asked again; null takes <see cref="UsualPatience"/>.</param>
/// <param name="WorkerPath">The worker's assembly; null takes the one built beside us.</param>
public sealed record LlamaOptions(int Threads = 0, int Parallel = 0, int Context = 0, bool Exact = false, string? WorkerPath = null, string? Lora = null, TimeSpan? Patience = null)
{
    /// <summary>Not counted while the machine or the host sleeps.</summary>
    public static TimeSpan UsualPatience { get; } = TimeSpan.FromSeconds(30);
}

/// <summary>How fast a GGUF runs, in tokens a second: medians, each measured in a fresh context.</summary>
/// <param name="Single">Generation of one sequence.</param>
/// <param name="Prompt">Reading a prompt.</param>
public sealed record Speed(double Single, double Prompt);
