using System.Text.Json;
using DistillForge.Llama;
using DistillForge.Teachers;
using Microsoft.Extensions.AI;

namespace DistillForge.Engines.Tests.Teachers;

public sealed class LocalChatClientTests : IAsyncLifetime
{
    static readonly Sampling Sampling = new(MaxTokens: 6, Capture: new Want.Head(4));
    readonly Scratch scratch = new();
    LlamaModel model = null!;

    public async Task InitializeAsync() => model = await Llama.Models.OpenTinyAsync(scratch);

    public async Task DisposeAsync()
    {
        await model.DisposeAsync();
        scratch.Dispose();
    }

    LocalChatClient Client() => new(model, Sampling, "tiny");

    static Prompt[] Prompts => [.. Enumerable.Range(0, 12).Select(i => new Prompt($"id-{i}", [Message.System("Be brief."), Message.User(i == 7 ? "say <|end|> now" : $"lamp {i}")], i, "test", Expected: "on"))];

    [Fact]
    public async Task A_model_is_a_chat_client_with_typed_log_probabilities()
    {
        using var client = Client();

        var response = await client.GetResponseAsync([new ChatMessage(ChatRole.User, "lamp")], new ChatOptions { Seed = 3, MaxOutputTokens = 4, Instructions = "Be brief." });

        var same = await model.CompleteAsync(new Prompt("x", [Message.System("Be brief."), Message.User("lamp")], 3), Sampling with { MaxTokens = 4 }, CancellationToken.None);
        Assert.Equal((same.Text, same.FinishReason, "tiny"), (response.Text, response.FinishReason!.Value.Value, response.ModelId));
        Assert.Equal((same.PromptTokens, (long?)same.CompletionTokens), ((int)response.Usage!.InputTokenCount!, response.Usage.OutputTokenCount));
        Assert.Equal(same.Trace!.HeadLogprobs, response.GetTrace()!.HeadLogprobs);
        Assert.Same(model, client.GetService(typeof(ILanguageModel)));
    }

    [Fact]
    public async Task Streaming_gives_the_same_answer()
    {
        using var client = Client();
        ChatMessage[] messages = [new(ChatRole.User, "lamp")];
        var options = new ChatOptions { Seed = 3 };

        var streamed = await client.GetStreamingResponseAsync(messages, options).ToChatResponseAsync();

        var whole = await client.GetResponseAsync(messages, options);
        Assert.Equal((whole.Text, whole.FinishReason, whole.Usage!.OutputTokenCount), (streamed.Text, streamed.FinishReason, streamed.Usage!.OutputTokenCount));
        Assert.Equal(whole.GetTrace()!.TokenIds, streamed.GetTrace()!.TokenIds);
    }

    [Fact]
    public async Task What_it_cannot_do_is_said()
    {
        using var client = Client();

        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])]));
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync([new ChatMessage(ChatRole.User, "?")], new ChatOptions { Tools = [AIFunctionFactory.CreateDeclaration("f", "", JsonDocument.Parse("{}").RootElement)] }));
    }

    [Fact]
    public async Task A_chat_client_is_a_teacher_and_gives_the_rows_that_the_model_itself_gives()
    {
        using var client = Client();
        var teacher = new ChatClientTeacher(new(Author: "tiny", License: "MIT", Template: model.Dialogue.Template.Fingerprint), client, Sampling, TimeProvider.System);
        var local = new LocalTeacher(new("tiny", "", "MIT", null, model.Dialogue.Template.Fingerprint), model, Sampling);

        var rows = await AskAsync(teacher);

        Assert.Equal($"distillforge#{model.Sha256}", teacher.Identity);
        Assert.Equal(await AskAsync(local), rows);
        Assert.Contains("control-token", rows[7], StringComparison.Ordinal);
    }

    static async Task<List<string>> AskAsync(ITeacher teacher)
    {
        var answers = await teacher.AnswerAsync(Prompts.ToAsyncEnumerable(), CancellationToken.None).ToListAsync();
        var options = new JsonSerializerOptions { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
        return [.. answers.OrderBy(answer => Array.FindIndex(Prompts, prompt => prompt.Id == answer.Id)).Select(answer => answer.Example is { } example ? JsonSerializer.Serialize(example with { Seconds = 0 }, options) : JsonSerializer.Serialize(answer.Failure))];
    }
}
