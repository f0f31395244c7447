using System.Text.Json;
using DistillForge.Runs;
using DistillForge.Serving;

namespace DistillForge.EndToEnd.Tests.Serving;

public sealed class ChatServingTests(Served served) : IClassFixture<Served>
{
    const string Chat = "/v1/chat/completions";
    const string Command = "dim the bedroom lamp to 30 percent";

    [Fact]
    public async Task An_answer_is_what_the_model_says_itself()
    {
        var (status, body) = await served.AskAsync(Chat, new { model = "home", messages = Served.Say(Command), temperature = 0 });
        var itself = await served.Model.CompleteAsync(new Prompt("", [Message.User(Command)]), new Sampling(0), CancellationToken.None);

        Assert.Equal(200, status);
        var choice = body.GetProperty("choices")[0];
        Assert.Equal(itself.Text, choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Contains("set_brightness", itself.Text, StringComparison.Ordinal);
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(itself.PromptTokens, body.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(itself.CompletionTokens, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("home", body.GetProperty("model").GetString());
    }

    [Fact]
    public async Task A_stream_gives_the_same_text_and_log_probabilities_in_pieces()
    {
        var request = new { messages = Served.Say(Command), temperature = 1, seed = 11, logprobs = true, top_logprobs = 3, stream = true, stream_options = new { include_usage = true } };
        var whole = (await served.AskAsync(Chat, request with { stream = false, stream_options = null! })).Body.GetProperty("choices")[0];
        var pieces = await served.StreamAsync(Chat, request);

        var choices = pieces.SelectMany(piece => piece.GetProperty("choices").EnumerateArray()).ToList();
        Assert.Equal("assistant", choices[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal(whole.GetProperty("message").GetProperty("content").GetString(), string.Concat(choices.Select(Content)));
        Assert.Equal(whole.GetProperty("finish_reason").GetString(), choices[^1].GetProperty("finish_reason").GetString());
        Assert.Equal(Logprobs(whole), choices.SelectMany(Logprobs));
        Assert.True(Logprobs(whole).Count > 5 && choices.Count > 5);
        Assert.Equal(string.Concat(choices.Select(Content)), string.Concat(Logprobs(whole).Select(entry => entry.Token)));
        Assert.True(pieces[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 5);

        static string Content(JsonElement choice) => choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString()! : "";
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_a_score()
    {
        var (_, body) = await served.AskAsync(Chat, new { messages = Served.Say(Command), temperature = 0, logprobs = true, top_logprobs = 2 });
        var choice = body.GetProperty("choices")[0];
        var sequence = served.Model.Dialogue.Sequence([Message.User(Command)], choice.GetProperty("message").GetProperty("content").GetString()!);
        var trace = await served.Model.ScoreAsync(sequence, new Want.Head(2), CancellationToken.None);

        var told = choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().ToList();
        Assert.Equal(trace.CompletionLength - 1, told.Count); // the end of the turn has no text
        for (var i = 0; i < told.Count; i++)
        {
            Assert.Equal(trace.TokenLogprobs[i], told[i].GetProperty("logprob").GetSingle(), 1e-4f);
            Assert.Equal(2, told[i].GetProperty("top_logprobs").GetArrayLength());
            Assert.Equal(told[i].GetProperty("logprob").GetSingle(), told[i].GetProperty("top_logprobs")[0].GetProperty("logprob").GetSingle()); // greedy
        }
    }

    [Fact]
    public async Task A_stop_string_never_shows_not_even_its_beginning()
    {
        var request = new { messages = Served.Say(Command), temperature = 0, stop = new[] { "brightness\",\"tar" }, logprobs = true, stream = true };
        var pieces = await served.StreamAsync(Chat, request);

        var choices = pieces.Select(piece => piece.GetProperty("choices")[0]).ToList();
        var text = string.Concat(choices.Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : ""));
        Assert.Equal("""{"action":"set_""", text);
        Assert.Equal("stop", choices[^1].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Several_choices_are_drawn_and_the_first_is_the_one_alone()
    {
        var request = new { messages = Served.Say(Command), temperature = 3, seed = 5, max_tokens = 12, n = 1 };
        var alone = (await served.AskAsync(Chat, request)).Body.GetProperty("choices");
        var three = (await served.AskAsync(Chat, request with { n = 3 })).Body.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString()).ToList();

        Assert.Equal(alone[0].GetProperty("message").GetProperty("content").GetString(), three[0]);
        Assert.Equal(3, three.Distinct().Count());
    }

    [Fact]
    public async Task An_answer_follows_a_schema()
    {
        var schema = new { type = "object", properties = new { room = new { @enum = new[] { "attic", "cellar" } } }, required = new[] { "room" }, additionalProperties = false };
        var (status, body) = await served.AskAsync(Chat, new { messages = Served.Say(Command), temperature = 0, response_format = new { type = "json_schema", json_schema = new { name = "x", schema } } });

        Assert.Equal(200, status);
        var answer = JsonDocument.Parse(body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!).RootElement;
        Assert.Contains(answer.GetProperty("room").GetString(), new[] { "attic", "cellar" });
    }

    [Fact]
    public async Task Many_requests_at_once_are_answered_as_each_alone()
    {
        var alone = (await served.AskAsync(Chat, new { messages = Served.Say("turn on lamp 3"), temperature = 1, seed = 3, max_tokens = 16 })).Body;
        var together = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => served.AskAsync(Chat, new { messages = Served.Say($"turn on lamp {i}"), temperature = 1, seed = i, max_tokens = 16 })));

        Assert.All(together, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(alone.GetProperty("choices").GetRawText(), together[3].Body.GetProperty("choices").GetRawText());
    }

    [Fact]
    public async Task A_caller_who_hangs_up_frees_the_places_of_all_his_answers()
    {
        var watched = new WatchedModel(new ServedModel(served.Model, "home"));
        await using var server = await ModelServer.StartAsync(watched, new ServeOptions(), TimeProvider.System, _ => { }, CancellationToken.None);
        using var client = new HttpClient { BaseAddress = server.Address };
        using (var request = new HttpRequestMessage(HttpMethod.Post, Chat) { Content = Served.Json(JsonSerializer.Serialize(new { messages = Served.Say(Command), stream = true, temperature = 9, n = 64 })) })
        using (var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None))
        await using (var stream = await response.Content.ReadAsStreamAsync())
        {
            Assert.True(await stream.ReadAsync(new byte[16]) > 0);
        }

        await Task.WhenAll(watched.Asked).ContinueWith(static _ => { }, TaskScheduler.Default);
        Assert.Equal(64, watched.Asked.Count);
        Assert.Contains(watched.Asked, answer => answer.IsCanceled); // at four side by side, most had not begun
    }

    [Theory]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":"hi"}""", "messages")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":-1}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":1e999}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":0}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"n":100000}""", "n")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":[""]}""", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":21}""", "top_logprobs")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}""", "tools")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"logit_bias":{"5":1}}""", "logit_bias")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"yaml"}}""", "response_format.type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":"yes"}""", "stream")]
    [InlineData("""{"messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":["a","\ud800"]}""", "stop")]
    public async Task A_wrong_field_is_named(string body, string field)
    {
        using var response = await served.Client.PostAsync(new Uri(Chat, UriKind.Relative), Served.Json(body));
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(field, error.GetProperty("param").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    static List<(string Token, float Logprob, string Top)> Logprobs(JsonElement choice)
        => choice.GetProperty("logprobs") is { ValueKind: JsonValueKind.Object } logprobs
            ? [.. logprobs.GetProperty("content").EnumerateArray().Select(entry => (entry.GetProperty("token").GetString()!, entry.GetProperty("logprob").GetSingle(), entry.GetProperty("top_logprobs").GetRawText()))]
            : [];
}
