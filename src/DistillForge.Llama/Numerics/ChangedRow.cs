using System.Runtime.InteropServices;

namespace DistillForge.Llama.Numerics;

/// <summary>A copy of a row that was changed before a token is drawn from it; the row itself stays what the model thinks.</summary>
sealed unsafe class ChangedRow(int vocabulary) : IDisposable
{
    readonly float* logits = (float*)NativeMemory.AlignedAlloc((nuint)vocabulary * sizeof(float), 64); // [V]
    readonly int[] seen = new int[vocabulary]; // round in which a token was met
    readonly Row row = new(vocabulary);
    int round;

    /// <summary>
    /// Tokens that were there before are less likely: a positive logit is divided by the penalty, a negative one multiplied (CTRL,
    /// arXiv:1909.05858), each token once however often it was there.
    /// </summary>
    public Row Penalise(Row plain, ReadOnlySpan<int> before, float penalty)
    {
        plain.Logits.CopyTo(new Span<float>(logits, vocabulary));
        round++;
        foreach (var token in before)
        {
            // Ids of the padding behind the vocabulary are never drawn.
            if (token < vocabulary && seen[token] != round)
            {
                seen[token] = round;
                logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
            }
        }

        row.Read(logits);
        return row;
    }

    /// <summary>Only these tokens can be drawn.</summary>
    public Row Only(Row plain, ReadOnlySpan<bool> allowed)
    {
        for (var token = 0; token < vocabulary; token++)
        {
            logits[token] = allowed[token] ? plain.Logits[token] : float.NegativeInfinity;
        }

        row.Read(logits);
        return row;
    }

    public void Dispose() => NativeMemory.AlignedFree(logits);
}
