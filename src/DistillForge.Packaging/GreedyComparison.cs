using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>
/// The candidate speaks greedily, and the reference scores what it said: as long as every token is the reference's own first choice, the
/// reference would have said the same. That costs one pass instead of one a token.
/// </summary>
sealed class GreedyComparison(ILanguageModel reference, Dialogue dialogue, ILanguageModel candidate, double tieGap)
{
    public async Task<(int Prompts, long Tokens, int Ties)> CompareAsync(string gguf, GateProbe probe, CancellationToken cancellationToken)
    {
        var greedy = new Sampling(Temperature: 0, MaxTokens: probe.MaxTokens, Capture: new Want.Head(TopLogprobs: 2, TailSamples: 0));
        var answers = await Task.WhenAll(probe.Prompts.Select(prompt => candidate.CompleteAsync(prompt, greedy, cancellationToken)));
        var said = Array.ConvertAll(answers, answer => answer.Trace ?? throw new InvalidOperationException("the candidate was asked for a trace and gave none"));
        foreach (var (prompt, trace) in probe.Prompts.Zip(said))
        {
            CheckPrompt(gguf, prompt, trace);
        }

        // All at once: the reference reads several in one pass.
        var judged = await Task.WhenAll(said.Select(trace => reference.ScoreAsync(new TokenSequence(trace.Vocabulary, trace.TokenIds, trace.PromptLength), new Want.Head(TopLogprobs: 2, TailSamples: 0), cancellationToken)));
        var (tokens, ties) = (0L, 0);
        foreach (var (prompt, trace) in probe.Prompts.Zip(judged))
        {
            var (same, isTie) = SameUntil(gguf, prompt, trace);
            tokens += same;
            ties += isTie ? 1 : 0;
        }

        return (probe.Prompts.Count, tokens, ties);
    }

    // What the file makes of the conversation, template and all, is what the student was trained to read.
    void CheckPrompt(string gguf, Prompt prompt, TokenTrace said)
    {
        var trained = dialogue.Prompt(prompt.Messages);
        if (!trained.AsSpan().SequenceEqual(said.TokenIds.AsSpan(0, said.PromptLength)))
        {
            throw ExportGate.Failed(gguf, "chat template", $"makes [{string.Join(' ', said.TokenIds.Take(said.PromptLength))}] of \"{prompt.Messages[^1].Content}\", which was trained as [{string.Join(' ', trained)}].");
        }
    }

    (int Same, bool IsTie) SameUntil(string gguf, Prompt prompt, TokenTrace judged)
    {
        var head = 0;
        for (var t = 0; t < judged.CompletionLength; t++)
        {
            var first = judged.HeadLogprobs.AsSpan(head, judged.HeadSizes[t]).ToArray().Max();
            head += judged.HeadSizes[t];
            if (judged.TokenRanks[t] == 0)
            {
                continue;
            }

            // Behind the first choice by less than rounding explains: from here on the two may speak of different things.
            var gap = first - judged.TokenLogprobs[t];
            return gap < tieGap
                ? (t, true)
                : throw ExportGate.Failed(gguf, "greedy tokens", FormattableString.Invariant(
                    $"leave the checkpoint's at token {t} of the answer to \"{prompt.Messages[^1].Content}\": {judged.TokenIds[judged.PromptLength + t]} is {gap:0.0e+0} nats behind the checkpoint's first choice; {tieGap:0.0e+0} would be a tie."));
        }

        return (judged.CompletionLength, false);
    }
}
