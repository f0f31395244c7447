using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>What this server understands of a request; found by the probe.</summary>
/// <param name="TopLogProbs">Candidates a position that may be asked for.</param>
sealed record ApiDialect(bool LogProbs, int TopLogProbs, string MaxTokens = "max_tokens", bool Seed = true, bool Temperature = true)
{
    // What OpenAI gives at most.
    const int Most = 20;

    /// <summary>What everybody should understand.</summary>
    public static ApiDialect For(Sampling sampling) => sampling.Capture is { } capture
        ? new(true, Math.Clamp(capture.TopLogprobs, 0, Most))
        : new(false, 0);

    /// <summary>Another way to say it, when the server refused this one and named what it did not like; null when there is none.</summary>
    public ApiDialect? After(string refusal, Sampling sampling)
    {
        bool Names(string word) => refusal.Contains(word, StringComparison.OrdinalIgnoreCase);
        return Names("max_completion_tokens") && MaxTokens == "max_tokens" ? this with { MaxTokens = "max_completion_tokens" }
            : Names("max_tokens") && MaxTokens == "max_tokens" ? this with { MaxTokens = "max_completion_tokens" }
            : Names("top_logprobs") && TopLogProbs > 5 ? this with { TopLogProbs = 5 }
            : (Names("logprobs") || Names("log prob") || Names("logprob")) && LogProbs ? this with { LogProbs = false, TopLogProbs = 0 }
            : Names("seed") && Seed ? this with { Seed = false }
            : Names("temperature") && Temperature && sampling.Temperature == 1 ? this with { Temperature = false }
            : null;
    }
}
