using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>Decides whether an exported file is the model that was trained: same ids, same template, same log-probabilities, same words.</summary>
/// <param name="reference">The checkpoint in float32.</param>
/// <param name="expected">Its vocabulary.</param>
/// <param name="tokenizer">The tokenizer that made the training ids.</param>
public sealed class ExportGate(ILanguageModel reference, Vocabulary expected, ITokenizer tokenizer)
{
    /// <summary>The tokens of a file's vocabulary and its chat template are those of the checkpoint, byte for byte.</summary>
    /// <exception cref="ForgeException">They are not.</exception>
    public void CheckFile(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        var vocabulary = Vocabulary.FromGguf(file);
        if (vocabulary.Fingerprint != expected.Fingerprint)
        {
            throw Failed(gguf, "vocabulary", $"has fingerprint {vocabulary.Fingerprint}, not the checkpoint's {expected.Fingerprint}.");
        }

        if (!string.Equals(vocabulary.ChatTemplate, expected.ChatTemplate, StringComparison.Ordinal))
        {
            throw Failed(gguf, "chat template", "is not the checkpoint's.");
        }
    }

    /// <param name="gguf">Named in errors.</param>
    /// <param name="candidate">The file, loaded in llama.cpp with F32 KV cache and without flash attention.</param>
    /// <param name="candidateTokenizer">llama.cpp's tokenizer for it.</param>
    /// <exception cref="ForgeException">The file is not the model that was trained; the message has the numbers.</exception>
    public async Task<GateReport> CompareAsync(string gguf, string type, ILanguageModel candidate, ITokenizer candidateTokenizer, GateProbe probe, CancellationToken cancellationToken)
    {
        try
        {
            return await MeasureAsync(gguf, type, candidate, candidateTokenizer, probe, cancellationToken);
        }
        catch (CompletionFailedException e)
        {
            throw Failed(gguf, e.Code, e.Message);
        }
    }

    static string ArchitectureOf(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        return file.Metadata.RequiredText("general.architecture");
    }

    async Task<GateReport> MeasureAsync(string gguf, string type, ILanguageModel candidate, ITokenizer candidateTokenizer, GateProbe probe, CancellationToken cancellationToken)
    {
        var bound = GateBound.For(type, ArchitectureOf(gguf));
        CheckTokens(gguf, candidateTokenizer, probe.Texts);
        var distance = new Distance();
        foreach (var sequence in probe.Sequences)
        {
            var theirs = candidate.ScoreAsync(sequence, new Want.Full(), cancellationToken);
            distance.Add(gguf, await reference.ScoreAsync(sequence, new Want.Full(), cancellationToken), await theirs);
        }

        var greedy = bound.TieGap is { } gap && probe.Prompts.Count > 0
            ? await new GreedyComparison(reference, new Dialogue(expected, tokenizer), candidate, gap).CompareAsync(gguf, probe, cancellationToken)
            : default;
        var report = new GateReport(type, probe.Texts.Count, distance.Positions, distance.Max, distance.Mean, distance.Kl, greedy.Prompts, greedy.Tokens, greedy.Ties);
        return distance.Max <= bound.Max && distance.Mean <= bound.Mean && distance.Kl <= bound.Kl
            ? report
            : throw Failed(gguf, "log-probabilities", FormattableString.Invariant(
                $"differ from the checkpoint's by up to {distance.Max:0.0e+0} nats, {distance.Mean:0.0e+0} on average, KL {distance.Kl:0.0e+0} over {distance.Positions} positions; {type} may differ by {bound.Max:0.0e+0}, {bound.Mean:0.0e+0} and {bound.Kl:0.0e+0}."));
    }

    void CheckTokens(string gguf, ITokenizer candidate, IReadOnlyList<string> texts)
    {
        foreach (var text in texts)
        {
            var (ours, theirs) = (tokenizer.Encode(text, parseSpecial: false), candidate.Encode(text, parseSpecial: false));
            if (!ours.AsSpan().SequenceEqual(theirs))
            {
                throw Failed(gguf, "tokenizer", $"makes [{string.Join(' ', theirs.Take(16))}] of \"{Shorten(text)}\", which was trained as [{string.Join(' ', ours.Take(16))}].");
            }
        }
    }

    internal static ForgeException Failed(string gguf, string where, string what)
        => new($"The export gate: {gguf}", [new Problem(where, what, "The file keeps its name .candidate; do not use it.")], ExitCode.OurBug);

    static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";
}

// |Δ log-prob| over every position and the whole vocabulary. Sums travel, the mean is taken once.
sealed class Distance
{
    double sum;
    double divergence;
    long count;

    public long Positions { get; private set; }

    public double Max { get; private set; }

    public double Mean => count == 0 ? 0 : sum / count;

    public double Kl => Positions == 0 ? 0 : divergence / Positions;

    public void Add(string gguf, TokenTrace reference, TokenTrace candidate)
    {
        if (!reference.HeadIds.AsSpan().SequenceEqual(candidate.HeadIds))
        {
            throw ExportGate.Failed(gguf, "log-probabilities", $"cover {candidate.HeadIds.Length} ids where the checkpoint's cover {reference.HeadIds.Length}.");
        }

        for (var i = 0; i < reference.HeadLogprobs.Length; i++)
        {
            // NaN must fail the gate, and comparisons with NaN are false: it counts as infinite.
            var difference = Math.Abs((double)reference.HeadLogprobs[i] - candidate.HeadLogprobs[i]);
            difference = double.IsNaN(difference) ? double.PositiveInfinity : difference;
            Max = Math.Max(Max, difference);
            sum += difference;
            divergence += Math.Exp(reference.HeadLogprobs[i]) * ((double)reference.HeadLogprobs[i] - candidate.HeadLogprobs[i]);
        }

        count += reference.HeadLogprobs.Length;
        Positions += reference.CompletionLength;
    }
}
