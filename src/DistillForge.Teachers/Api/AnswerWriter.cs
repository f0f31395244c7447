using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Teachers;

/// <summary>A prompt that is about to be asked, with its ids where a vocabulary is known.</summary>
sealed record AskedPrompt(Prompt Prompt, int[] Ids);

/// <summary>Makes rows of what a server said.</summary>
sealed class AnswerWriter(ApiTeacherOptions options, Dialogue? dialogue, TraceMapping? mapping, Redactor redactor, ApiUsage usage)
{
    readonly string sampling = options.Sampling.Describe();

    /// <summary>Refuses what must not be sent.</summary>
    public (AskedPrompt? Asked, Failure? Failure) Prepare(Prompt prompt)
    {
        if (prompt.Messages.Any(message => redactor.HoldsKey(message.Content)))
        {
            return (null, new Failure(prompt.Id, "key-in-prompt", "the prompt holds the key of the API; it is not sent"));
        }

        try
        {
            return (new AskedPrompt(prompt, mapping?.Dialogue.Prompt(prompt.Messages) ?? []), null);
        }
        catch (CompletionFailedException failure)
        {
            return (null, new Failure(prompt.Id, failure.Code, failure.Message));
        }
    }

    /// <summary>What the answer depends on: all that makes the row's id, and what else is asked for.</summary>
    public string CacheKey(Prompt prompt)
        => RequestCache.Key(RowId.For(prompt.Messages, options.Identity, sampling, prompt.Seed), $"top={options.Sampling.Capture?.TopLogprobs ?? -1}");

    public Answer Write(AskedPrompt asked, PaidChoice paid)
    {
        var (prompt, choice) = (asked.Prompt, paid.Choice);
        if (Text(choice) is not { } text)
        {
            return Answer.Of(Empty(prompt, choice));
        }

        if (redactor.HoldsKey(text))
        {
            return Answer.Of(new Failure(prompt.Id, "key-in-answer", "the answer repeats the key of the API; it is not kept"));
        }

        return Answer.Of(new Example
        {
            Id = prompt.Id,
            Prompt = prompt.Messages,
            Completion = [Message.Assistant(text)],
            Author = options.Author ?? options.Model,
            License = options.License,
            Terms = options.Terms,
            FinishReason = Reason(choice),
            Sampling = sampling,
            Seed = prompt.Seed,
            PromptTokens = (int)Math.Min(int.MaxValue, paid.PromptTokens),
            CompletionTokens = (int)Math.Min(int.MaxValue, paid.CompletionTokens),
            CostUsd = paid.CostUsd,
            Seconds = paid.Seconds,
            Source = prompt.Source,
            Template = mapping is null ? "" : dialogue!.Template.Fingerprint,
            Expected = prompt.Expected,
            Category = prompt.Category,
            Trace = Trace(asked, choice, text),
        });
    }

    TokenTrace? Trace(AskedPrompt asked, ChatChoice choice, string text)
    {
        // After the probe found that there is no use of them, no log-probabilities are asked for.
        if (mapping is null || (choice.LogProbs is null && choice.LogProbFault is null))
        {
            return null;
        }

        var (trace, fault) = mapping.Map(asked.Prompt.Id, asked.Ids, choice with { Text = text });
        if (fault is not null)
        {
            usage.CountWithoutTrace(redactor.Clean(fault, 200));
        }

        return trace;
    }

    string? Text(ChatChoice choice)
    {
        var text = choice.Text ?? choice.Refusal ?? (choice.FinishReason == "content_filter" ? "" : null);
        return text is not null && options.Reasoning == ReasoningText.Keep && choice.Reasoning is { Length: > 0 } thoughts
            ? $"<think>\n{thoughts.Trim()}\n</think>\n\n{text}"
            : text;
    }

    static Failure Empty(Prompt prompt, ChatChoice choice) => choice.FinishReason is "tool_calls" or "function_call"
        ? new Failure(prompt.Id, "tool-call", "the model called a tool instead of answering")
        : new Failure(prompt.Id, "empty-answer", choice.Reasoning is { Length: > 0 } ? "all of its tokens went into reasoning; raise generate.max_tokens" : "the answer has no text");

    static string Reason(ChatChoice choice) => choice switch
    {
        { Text: null, Refusal: not null } => "content_filter",
        { FinishReason: "length" or "max_tokens" } => "length",
        { FinishReason: "content_filter" } => "content_filter",
        _ => "stop",
    };
}
