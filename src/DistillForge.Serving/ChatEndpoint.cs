using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
sealed class ChatEndpoint(IServedModel model, Heading heading) : IEndpoint
{
    const int MostMessages = 4096;

    public async Task AnswerAsync(HttpContext context, RequestFields fields, CancellationToken cancellationToken)
    {
        var prompt = model.Prompt(Messages(fields));
        var sampling = SamplingFields.Read(fields, usualTokens: model.Context, model.Context);
        if (sampling.MaxTokens < 1)
        {
            throw ApiError.Bad("max_tokens", "must be at least 1.");
        }

        var top = fields.Flag("logprobs") ? fields.Integer("top_logprobs", 0, SamplingFields.MostTopLogprobs, 0) : -1;
        sampling = sampling with { Capture = top < 0 ? null : Candidates.Want(top) };
        var (seed, choices) = (SamplingFields.Seed(fields), fields.Integer("n", 1, SamplingFields.MostChoices, 1));
        Asked[] asked = [.. Enumerable.Range(0, choices).Select(index => new Asked(index, prompt, sampling, SamplingFields.SeedOf(seed, index)))];
        var candidates = top < 0 ? null : new Candidates(model.Tokens, top);
        var id = Heading.NewId("chatcmpl-");
        if (fields.Flag("stream"))
        {
            await StreamAsync(context, id, asked, candidates, fields.Object("stream_options")?.Flag("include_usage") ?? false, cancellationToken);
            return;
        }

        var answers = await Flight.CollectAsync(model, asked, inParts: candidates is not null, cancellationToken);
        var told = answers.Select((answer, index) => new ChatChoice(index, new ChatMessage("assistant", answer.Text, null), Logprobs(candidates, answer.Parts), answer.Completion!.FinishReason));
        await context.Response.WriteAsJsonAsync(heading.Of<ChatChoice>(id, "chat.completion", [.. told], Usage.Of(prompt.Length, [.. answers.Select(answer => answer.Completion!)])), Wire.Json, cancellationToken);
    }

    async Task StreamAsync(HttpContext context, string id, Asked[] asked, Candidates? candidates, bool usage, CancellationToken cancellationToken)
    {
        using var events = new EventStream(context.Response);
        var completions = new List<Completion>();
        var begun = new HashSet<int>();
        await foreach (var come in Flight.RunAsync(model, asked, cancellationToken))
        {
            foreach (var (index, part, ended) in come)
            {
                if (begun.Add(index))
                {
                    Tell(index, new ChatDelta("assistant", ""), null, null);
                }

                if (ended is not null)
                {
                    completions.Add(ended);
                    Tell(index, new ChatDelta(null, null), null, ended.FinishReason);
                }
                else if (part!.Text.Length > 0 || (candidates is not null && part.Tokens > 0))
                {
                    Tell(index, new ChatDelta(null, part.Text), Logprobs(candidates, [part]), null);
                }
            }

            await events.FlushAsync(cancellationToken);
        }

        if (usage)
        {
            events.Write(heading.Of<ChatDeltaChoice>(id, "chat.completion.chunk", [], Usage.Of(asked[0].Prompt.Length, completions)));
        }

        await events.EndAsync(cancellationToken);

        void Tell(int index, ChatDelta delta, ChatLogprobs? logprobs, string? reason)
            => events.Write(heading.Of<ChatDeltaChoice>(id, "chat.completion.chunk", [new ChatDeltaChoice(index, delta, logprobs, reason)], null));
    }

    static ChatLogprobs? Logprobs(Candidates? candidates, IEnumerable<CompletionPart> parts)
        => candidates is null ? null : new ChatLogprobs([.. parts.SelectMany(part => candidates.Chat(part.Trace!))], null);

    static List<Message> Messages(RequestFields fields)
    {
        if (fields.Get("messages") is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() is 0 or > MostMessages)
        {
            throw ApiError.Bad("messages", $"must be an array of 1 to {MostMessages} messages.");
        }

        return [.. array.EnumerateArray().Select(Read)];
    }

    static Message Read(JsonElement message, int index)
    {
        var place = $"messages[{index}]";
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.Bad(place, "must be an object.");
        }

        var fields = new RequestFields(message, place);
        var role = fields.Text("role") ?? throw fields.Bad("role", "is missing.");
        if (fields.Get("tool_calls") is not null)
        {
            throw ApiError.Unsupported(fields.Path("tool_calls"), "Write the call into the content.");
        }

        return new Message(role == "developer" ? "system" : role, Content(fields));
    }

    static string Content(RequestFields fields)
    {
        if (fields.Get("content") is not { ValueKind: JsonValueKind.Array } parts)
        {
            return fields.Text("content") ?? throw fields.Bad("content", "is missing.");
        }

        return string.Concat(parts.EnumerateArray().Select((part, index) =>
        {
            var place = $"{fields.Path("content")}[{index}]";
            var of = part.ValueKind == JsonValueKind.Object ? new RequestFields(part, place) : throw ApiError.Bad(place, "must be an object.");
            return of.Text("type") == "text" ? of.Text("text") ?? throw of.Bad("text", "is missing.") : throw of.Bad("type", "must be text.");
        }));
    }
}
