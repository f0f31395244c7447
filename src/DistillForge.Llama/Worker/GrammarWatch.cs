using DistillForge.Llama.Native;
using DistillForge.Llama.Numerics;

namespace DistillForge.Llama.Worker;

/// <summary>The grammars of a model's requests; each is read once and copied for each answer.</summary>
sealed class Grammars(nint vocabulary, int vocabularySize)
{
    const int Most = 64;

    readonly Lock gate = new();
    readonly Dictionary<string, GrammarHandle> read = new(StringComparer.Ordinal);

    /// <exception cref="InvalidDataException">llama.cpp cannot read it; its log says why.</exception>
    public GrammarWatch Watch(string grammar)
    {
        lock (gate)
        {
            if (!read.TryGetValue(grammar, out var handle))
            {
                var why = StandardStreams.CaptureErrors(() => handle = GrammarHandle.Read(vocabulary, grammar));
                _ = handle ?? throw new InvalidDataException($"llama.cpp cannot read the grammar: {why.Split('\n')[0]}");
                if (read.Count == Most)
                {
                    foreach (var old in read.Values)
                    {
                        old.Dispose();
                    }

                    read.Clear();
                }

                read.Add(grammar, handle);
            }

            return new GrammarWatch(handle.Copy(), vocabularySize);
        }
    }
}

/// <summary>Where an answer stands in its grammar: which tokens may come next.</summary>
sealed unsafe class GrammarWatch(GrammarHandle state, int vocabularySize) : IDisposable
{
    /// <summary>Whether a token may come now; a control token may only if it ends the answer.</summary>
    public bool Allows(int token, LoadedModel model)
    {
        if (model.IsControl(token) && !model.IsEnd(token))
        {
            return false;
        }

        var candidate = new TokenCandidate { Id = token };
        Apply(&candidate, 1);
        return !float.IsNegativeInfinity(candidate.Logit);
    }

    /// <summary>Every token that may come now.</summary>
    /// <returns>There is one that can be drawn.</returns>
    public bool FindAllowed(Row row, LoadedModel model, Span<bool> allowed)
    {
        var candidates = new TokenCandidate[vocabularySize];
        for (var token = 0; token < candidates.Length; token++)
        {
            candidates[token].Id = token;
        }

        fixed (TokenCandidate* all = candidates)
        {
            Apply(all, candidates.Length);
        }

        var any = false;
        for (var token = 0; token < candidates.Length; token++)
        {
            allowed[token] = !float.IsNegativeInfinity(candidates[token].Logit) && !float.IsNegativeInfinity(row.Logits[token])
                && (!model.IsControl(token) || model.IsEnd(token));
            any |= allowed[token];
        }

        return any;
    }

    /// <summary>The answer goes on with this token, which is allowed.</summary>
    public void Accept(int token) => LlamaApi.SamplerAccept(state.Pointer, token);

    public void Dispose() => state.Dispose();

    void Apply(TokenCandidate* candidates, int count)
    {
        var array = new TokenCandidates { Data = candidates, Size = (nuint)count, Selected = -1 };
        LlamaApi.SamplerApply(state.Pointer, &array);
    }
}
