namespace DistillForge.Llama;

/// <summary>How a GGUF is run.</summary>
/// <param name="Threads">0 takes every core.</param>
/// <param name="Parallel">How many sequences are decoded side by side; 0 chooses by the model's size and the memory there is.</param>
/// <param name="Context">Longest sequence in tokens, prompt and completion; 0 takes the model's own, at most 4,096.</param>
/// <param name="Exact">
/// For scoring, the export gate and parity tests: F32 KV cache, no flash attention, and a fixed order of decoding. Each sequence to
/// score is decoded alone, from its first token on, in chunks of 512 tokens, so that nothing depends on the company it keeps.
/// </param>
/// <param name="WorkerPath">The worker's assembly; null takes the one built beside us.</param>
public sealed record LlamaOptions(int Threads = 0, int Parallel = 0, int Context = 0, bool Exact = false, string? WorkerPath = null);

/// <summary>How fast a GGUF runs, in tokens a second: medians, each measured in a fresh context.</summary>
/// <param name="Single">Generation of one sequence.</param>
/// <param name="Batched">Generation of <paramref name="Sequences"/> sequences side by side, all together.</param>
/// <param name="Prompt">Reading a prompt.</param>
public sealed record Speed(double Single, double Batched, int Sequences, double Prompt);
