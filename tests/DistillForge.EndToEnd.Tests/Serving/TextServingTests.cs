using System.Text.Json;

namespace DistillForge.EndToEnd.Tests.Serving;

public sealed class TextServingTests(Served served) : IClassFixture<Served>
{
    const string Completions = "/v1/completions";

    [Fact]
    public async Task A_prompt_is_scored_by_echo_with_log_probabilities()
    {
        int[] ids = served.Model.Encode("turn on the kitchen light", parseSpecial: false);
        var (status, body) = await served.AskAsync(Completions, new { prompt = ids, echo = true, logprobs = 2, max_tokens = 0 });
        var trace = await served.Model.ScoreAsync(new TokenSequence(served.Model.Vocabulary, ids, 1), new Want.Head(2), CancellationToken.None);

        Assert.Equal(200, status);
        var logprobs = body.GetProperty("choices")[0].GetProperty("logprobs");
        var told = logprobs.GetProperty("token_logprobs").EnumerateArray().ToList();
        Assert.Equal(ids.Length, told.Count);
        Assert.Equal(JsonValueKind.Null, told[0].ValueKind);
        Assert.Equal(trace.TokenLogprobs, told.Skip(1).Select(one => one.GetSingle()), (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal("turn on the kitchen light", body.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal("turn on the kitchen light", string.Concat(logprobs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString())));
        Assert.Equal(2, logprobs.GetProperty("top_logprobs")[1].EnumerateObject().Count());
    }

    [Fact]
    public async Task A_stream_joins_to_the_whole()
    {
        var request = new { prompt = "turn on the", temperature = 1, seed = 4, max_tokens = 12, logprobs = 1, echo = true, stream = false };
        var whole = (await served.AskAsync(Completions, request)).Body.GetProperty("choices")[0];
        var pieces = (await served.StreamAsync(Completions, request with { stream = true })).Select(piece => piece.GetProperty("choices")[0]).ToList();

        Assert.Equal(whole.GetProperty("text").GetString(), string.Concat(pieces.Select(piece => piece.GetProperty("text").GetString())));
        Assert.Equal(Offsets(whole), pieces.SelectMany(Offsets));
        Assert.Equal(whole.GetProperty("finish_reason").GetString(), pieces[^1].GetProperty("finish_reason").GetString());

        static List<int> Offsets(JsonElement choice)
            => choice.GetProperty("logprobs") is { ValueKind: JsonValueKind.Object } logprobs ? [.. logprobs.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32())] : [];
    }

    [Fact]
    public async Task Several_prompts_get_their_choices_in_order()
    {
        var (_, body) = await served.AskAsync(Completions, new { prompt = new[] { "turn on", "dim the" }, n = 2, max_tokens = 4, temperature = 0, echo = true });

        var choices = body.GetProperty("choices").EnumerateArray().ToList();
        Assert.Equal([0, 1, 2, 3], choices.Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal(["turn on", "turn on", "dim the", "dim the"], choices.Select(choice => choice.GetProperty("text").GetString()![..7]));
    }

    [Theory]
    [InlineData("""{"prompt":[99999]}""", "prompt")]
    [InlineData("""{"prompt":[1,-1]}""", "prompt")]
    [InlineData("""{"prompt":[[1],["a"]]}""", "prompt[1]")]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":{"a":1}}""", "prompt")]
    [InlineData("""{"prompt":"x","best_of":3}""", "best_of")]
    [InlineData("""{"prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"prompt":"x","max_tokens":0}""", "max_tokens")]
    public async Task A_wrong_field_is_named(string body, string field)
    {
        using var response = await served.Client.PostAsync(new Uri(Completions, UriKind.Relative), Served.Json(body));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(field, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_told_so()
    {
        var (status, body) = await served.AskAsync(Completions, new { prompt = string.Concat(Enumerable.Repeat("lamp 12 ", 4000)) });

        Assert.Equal(400, status);
        Assert.Equal("context_length_exceeded", body.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("prompt", body.GetProperty("error").GetProperty("param").GetString());
    }
}
