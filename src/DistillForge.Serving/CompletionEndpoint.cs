using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary><c>POST /v1/completions</c>: text or token ids are continued as they are; with <c>echo</c> and <c>logprobs</c> the prompt is scored.</summary>
sealed class CompletionEndpoint(IServedModel model, Heading heading) : IEndpoint
{
    const int UsualTokens = 16;

    public async Task AnswerAsync(HttpContext context, RequestFields fields, CancellationToken cancellationToken)
    {
        var request = await ReadAsync(fields, cancellationToken);
        var id = Heading.NewId("cmpl-");
        var prompts = await Task.WhenAll(request.Prompts.Select(prompt => EchoAsync(request, prompt, cancellationToken)));
        if (fields.Flag("stream"))
        {
            await StreamAsync(context, id, request, prompts, fields.Object("stream_options")?.Flag("include_usage") ?? false, cancellationToken);
            return;
        }

        var answers = request.Sampling.MaxTokens == 0 ? null : await Flight.CollectAsync(model, request.Asked, inParts: request.Candidates is not null, cancellationToken);
        var choices = request.Asked.Select((asked, i) => Choice(request, asked.Index, prompts[asked.Index / request.Choices], answers?[i]));
        var usage = Usage.Of(request.Prompts.Sum(prompt => prompt.Ids.Length), [.. (answers ?? []).Select(answer => answer.Completion!)]);
        await context.Response.WriteAsJsonAsync(heading.Of<TextChoice>(id, "text_completion", [.. choices], usage), Wire.Json, cancellationToken);
    }

    static TextChoice Choice(TextRequest request, int index, Echo echo, Answered? answer)
    {
        var logprobs = new List<TextLogprobs>([.. echo.Logprobs is { } echoed ? [echoed] : Array.Empty<TextLogprobs>()]);
        var offset = echo.Text.Length;
        foreach (var part in answer?.Parts ?? [])
        {
            logprobs.Add(request.Candidates!.Lines(part.Trace!, [], offset));
            offset += part.Text.Length;
        }

        return new TextChoice(index, echo.Text + answer?.Text, request.Candidates is null ? null : Join(logprobs), answer?.Completion!.FinishReason ?? "length");
    }

    async Task StreamAsync(HttpContext context, string id, TextRequest request, Echo[] prompts, bool usage, CancellationToken cancellationToken)
    {
        using var events = new EventStream(context.Response);
        var completions = new List<Completion>();
        var offsets = new Dictionary<int, int>();
        foreach (var asked in request.Asked)
        {
            var echo = prompts[asked.Index / request.Choices];
            offsets[asked.Index] = echo.Text.Length;
            if (request.Echoes)
            {
                Tell(new TextChoice(asked.Index, echo.Text, echo.Logprobs, request.Sampling.MaxTokens == 0 ? "length" : null));
            }
        }

        await foreach (var come in Flight.RunAsync(model, request.Sampling.MaxTokens == 0 ? [] : request.Asked, cancellationToken))
        {
            foreach (var (index, part, ended) in come)
            {
                if (ended is not null)
                {
                    completions.Add(ended);
                    Tell(new TextChoice(index, "", null, ended.FinishReason));
                }
                else if (part!.Text.Length > 0 || (request.Candidates is not null && part.Tokens > 0))
                {
                    Tell(new TextChoice(index, part.Text, request.Candidates?.Lines(part.Trace!, [], offsets[index]), null));
                    offsets[index] += part.Text.Length;
                }
            }

            await events.FlushAsync(cancellationToken);
        }

        if (usage)
        {
            events.Write(heading.Of<TextChoice>(id, "text_completion", [], Usage.Of(request.Prompts.Sum(prompt => prompt.Ids.Length), completions)));
        }

        await events.EndAsync(cancellationToken);

        void Tell(TextChoice choice) => events.Write(heading.Of<TextChoice>(id, "text_completion", [choice], null));
    }

    async Task<Echo> EchoAsync(TextRequest request, TextPrompt prompt, CancellationToken cancellationToken)
    {
        if (!request.Echoes)
        {
            return new Echo("", null);
        }

        if (request.Candidates is not { } candidates)
        {
            return new Echo(prompt.Text, null);
        }

        var trace = await model.ScoreAsync(new TokenSequence(model.Tokens.Fingerprint, prompt.Ids, 1), request.Sampling.Capture!, cancellationToken);
        return new Echo(prompt.Text, candidates.Lines(trace, prompt.Ids.AsSpan(0, 1), 0));
    }

    async Task<TextRequest> ReadAsync(RequestFields fields, CancellationToken cancellationToken)
    {
        var sampling = SamplingFields.Read(fields, UsualTokens, model.Context);
        var echoes = fields.Flag("echo");
        if (sampling.MaxTokens < 1 && !echoes)
        {
            throw ApiError.Bad("max_tokens", "must be at least 1 where nothing is echoed.");
        }

        var choices = fields.Integer("n", 1, SamplingFields.MostChoices, 1);
        if (fields.Integer("best_of", 1, SamplingFields.MostChoices, choices) != choices)
        {
            throw ApiError.Unsupported("best_of", "Ask for n answers and choose.");
        }

        var top = fields.Integer("logprobs", 0, SamplingFields.MostTopLogprobs, -1);
        sampling = sampling with { Capture = top < 0 ? null : Candidates.Want(top) };
        var prompts = await new PromptReader(model).ReadAsync(fields, cancellationToken);
        if ((long)prompts.Count * choices > SamplingFields.MostChoices)
        {
            throw ApiError.Bad("prompt", $"{prompts.Count} prompts with {choices} answers each are more than {SamplingFields.MostChoices}.");
        }

        var seed = SamplingFields.Seed(fields);
        var asked = prompts.SelectMany((prompt, p) => Enumerable.Range(0, choices).Select(choice => new Asked((p * choices) + choice, prompt.Ids, sampling, SamplingFields.SeedOf(seed, choice))));
        return new TextRequest(prompts, [.. asked], choices, sampling, echoes, top < 0 ? null : new Candidates(model.Tokens, top));
    }

    static TextLogprobs Join(IReadOnlyList<TextLogprobs> parts)
        => new([.. parts.SelectMany(part => part.Tokens)], [.. parts.SelectMany(part => part.TokenLogprobs)], [.. parts.SelectMany(part => part.TopLogprobs)], [.. parts.SelectMany(part => part.TextOffset)]);

    sealed record TextRequest(IReadOnlyList<TextPrompt> Prompts, IReadOnlyList<Asked> Asked, int Choices, Sampling Sampling, bool Echoes, Candidates? Candidates);

    /// <summary>The prompt as the answer repeats it; empty where it does not.</summary>
    sealed record Echo(string Text, TextLogprobs? Logprobs);
}
