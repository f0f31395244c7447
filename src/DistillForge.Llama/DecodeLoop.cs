namespace DistillForge.Llama;

/// <summary>
/// A bare loop over llama.cpp's decode, nothing drawn and nothing read: what the engine itself can do. As llama.cpp's own
/// <c>llama-batched-bench</c> does it: all prompts first, then every sequence one token a step.
/// </summary>
/// <param name="Sequences">In each context.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Generated">Tokens of each answer.</param>
/// <param name="Contexts">That decode side by side, with their share of the threads.</param>
/// <param name="EveryOutput">Logits of every prompt position, as scoring asks for them; else of the last.</param>
/// <param name="SharedPrompt">All sequences of a context have the same prompt, which is read once.</param>
/// <param name="Layout">How the KV cache is laid out and attended to; null takes llama.cpp's own defaults.</param>
public sealed record DecodeLoop(int Sequences, int Prompt, int Generated, int Contexts = 1, bool EveryOutput = false, bool SharedPrompt = false, CacheLayout? Layout = null);

/// <summary>How a context keeps and reads its KV cache.</summary>
/// <param name="Unified">All sequences share one stream of cells, so that they can share a prefix; else each has its own.</param>
/// <param name="FlashAttention">One fused kernel, where there is one; else plain matrices.</param>
/// <param name="Float32">Keys and values as float32; else float16.</param>
public sealed record CacheLayout(bool Unified = false, bool FlashAttention = true, bool Float32 = false);

/// <summary>Seconds of wall time.</summary>
/// <param name="FastestStep">Of the context that is slowest at its fastest step: what a step takes when nothing else disturbs it.</param>
/// <param name="Steps">Tokens that each sequence of the slowest context was given, after the prompt.</param>
public sealed record DecodeTime(double Prompt, double Generation, double FastestStep, int Steps);
