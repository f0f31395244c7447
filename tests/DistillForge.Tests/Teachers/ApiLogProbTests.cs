using System.Text.Json.Nodes;
using DistillForge.Teachers;
using DistillForge.Text;

namespace DistillForge.Tests.Teachers;

public class ApiLogProbTests
{
    const string Said = "turn größer 🙂";

    static Sampling Sampling(int top = 4, float mass = 1) => new(MaxTokens: 64, Capture: new Want.Head(top, mass));

    static async Task<(Example Example, ApiTeacher Teacher, string Heard)> AskAsync(TestReply reply, Sampling? sampling = null, Dialogue? dialogue = null, TestReply? probe = null)
    {
        await using var server = new TestServer(request => request.IsProbe() ? probe ?? Chat.Scored("OK") : reply);
        var heard = new HeardProgress();
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Sampling = sampling ?? Sampling() }, dialogue: dialogue ?? Chat.Dialogue, progress: heard);
        return ((await teacher.AskAsync(Chat.Prompt("lamp"))).Single().Example!, teacher, heard.Text);
    }

    [Fact]
    public async Task Log_probabilities_become_a_trace_with_the_ids_of_the_vocabulary()
    {
        var (example, teacher, _) = await AskAsync(Chat.Scored(Said));

        var trace = example.Trace!;
        var expected = Chat.Dialogue.Sequence([Message.User("lamp")], Said);
        Assert.Null(trace.Check());
        Assert.Equal(expected.TokenIds, trace.TokenIds);
        Assert.Equal((expected.PromptLength, teacher.Identity, Chat.Vocabulary.Fingerprint, "row-0", true), (trace.PromptLength, trace.Scorer, trace.Vocabulary, trace.Id, trace.Capped));
        Assert.Equal(Chat.Dialogue.Template.Fingerprint, example.Template);

        // 1/2, 1/4, 1/8, 1/16 in the head, 1/16 in the tail; the end was drawn, and nobody said how likely it was.
        Assert.Equal(MathF.Log(0.5f), trace.TokenLogprobs[0], 5);
        Assert.Equal((4, 0), (trace.HeadSizes[0], trace.TokenRanks[0]));
        Assert.Equal(Math.Log(1 / 16.0), trace.TailLogSums.Single().Values[0], 5);
        Assert.Equal(Math.Log(2) * (0.5 + 2 * 0.25 + 3 * 0.125 + 2 * 4 / 16.0), trace.Entropies[0], 4);
        Assert.Equal((1, 0f, float.NegativeInfinity), (trace.HeadSizes[^1], trace.TokenLogprobs[^1], trace.TailLogSums[0].Values[^1]));
        Assert.Equal(Chat.Dialogue.End, trace.HeadIds[^1]);
        Assert.True(trace.HeadIds[..4].SequenceEqual(trace.HeadIds[..4].Order()));
    }

    [Fact]
    public async Task A_head_is_cut_to_what_was_asked_for_and_its_mass()
    {
        var (wide, _, _) = await AskAsync(Chat.Scored("on", top: 20), Sampling(2));
        var (massive, _, _) = await AskAsync(Chat.Scored("on", top: 20), Sampling(20, 0.7f));

        Assert.Equal([2, 2, 1], wide.Trace!.HeadSizes);
        Assert.Equal([2, 2, 1], massive.Trace!.HeadSizes);
        Assert.Equal(Math.Log(0.25), massive.Trace.TailLogSums[0].Values[0], 5);
    }

    [Fact]
    public async Task An_answer_that_was_cut_off_has_no_end()
    {
        var (example, _, _) = await AskAsync(Chat.Scored("turn on", finish: "length"));

        Assert.DoesNotContain(Chat.Dialogue.End, example.Trace!.TokenIds[example.Trace.PromptLength..]);
    }

    [Fact]
    public async Task The_end_keeps_its_own_log_probability_where_the_server_tells_it()
    {
        var (example, _, _) = await AskAsync(Chat.Scored("on", spoil: positions => positions.Add((JsonNode)Chat.Token(Chat.Dialogue.End, 0.25))));

        Assert.Equal(MathF.Log(0.25f), example.Trace!.TokenLogprobs[^1], 5);
        Assert.Equal(Chat.Dialogue.End, example.Trace.TokenIds[^1]);
    }

    [Fact]
    public async Task Ids_are_taken_where_the_server_gives_them()
    {
        var ids = new BpeTokenizer(Chat.Vocabulary).Encode(Said, parseSpecial: false);
        var place = 0;
        var named = Chat.Scored(Said, spoil: positions =>
        {
            foreach (var position in positions)
            {
                // vLLM with return_tokens_as_token_ids: the bytes are those of this name
                position!["token"] = $"token_id:{ids[place++]}";
                position["bytes"] = null;
            }
        });

        var (example, _, _) = await AskAsync(named);
        int[] expected = [.. ids, Chat.Dialogue.End];

        Assert.Equal(expected, example.Trace!.TokenIds.TakeLast(expected.Length));
    }

    [Theory]
    [InlineData("no-list", "logprobs.content is no list")]
    [InlineData("no-token", "a position of logprobs names no token")]
    [InlineData("positive", "a logprob is no logarithm of a probability")]
    [InlineData("huge", "a logprob is no logarithm of a probability")]
    [InlineData("text", "a logprob is no logarithm of a probability")]
    [InlineData("bytes", "the bytes of a token are no bytes")]
    [InlineData("top", "top_logprobs is no list")]
    [InlineData("mass", "the probabilities of a position add up to more than 1")]
    [InlineData("short", "the tokens end before the answer does")]
    [InlineData("other", "the tokens do not spell the answer")]
    [InlineData("foreign", "the vocabulary has no token for what the server calls 'lamps lit'")]
    [InlineData("lost", "the vocabulary has no token for what the server calls '\uFFFD'")]
    [InlineData("empty", "the server gave no log-probabilities")]
    public async Task Log_probs_of_a_wrong_shape_cost_the_trace_and_not_the_answer(string shape, string why)
    {
        var reply = Chat.Scored(Said, spoil: positions =>
        {
            var first = positions[0]!.AsObject();
            switch (shape)
            {
                case "no-token": first.Remove("token"); break;
                case "positive": first["logprob"] = 0.5; break;
                case "huge": first["logprob"] = -1e300; break;
                case "text": first["logprob"] = "-1"; break;
                case "bytes": first["bytes"] = new JsonArray(116, 700); break;
                case "top": first["top_logprobs"] = 7; break;
                case "mass": first["top_logprobs"]![1]!["logprob"] = -0.1; break;
                case "short": positions.RemoveAt(positions.Count - 1); break;
                case "other": positions.RemoveAt(1); break;
                case "foreign": first["token"] = "lamps lit"; first["bytes"] = null; break;
                case "lost": first["token"] = "\uFFFD"; first["bytes"] = null; break;
                case "empty": positions.Clear(); break;
            }
        });
        if (shape == "no-list")
        {
            var body = JsonNode.Parse(reply.Body)!;
            body["choices"]![0]!["logprobs"] = new JsonObject { ["content"] = 3 };
            reply = new TestReply(body.ToJsonString());
        }

        var (example, teacher, heard) = await AskAsync(reply);

        Assert.Equal((Said, null), (example.Text, example.Trace));
        Assert.Equal((1L, why), (teacher.Usage.WithoutTrace, teacher.Usage.WhyWithoutTrace));
        Assert.Contains(why, heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Candidates_that_the_vocabulary_does_not_know_belong_to_the_tail()
    {
        var (example, _, _) = await AskAsync(Chat.Scored("on", spoil: positions =>
        {
            positions[0]!["top_logprobs"]![1]!["token"] = "lamps lit";
            positions[0]!["top_logprobs"]![1]!["bytes"] = null;
        }));

        Assert.Equal(3, example.Trace!.HeadSizes[0]);
        Assert.Equal(Math.Log(0.25 + 1 / 16.0), example.Trace.TailLogSums[0].Values[0], 5);
    }

    [Theory]
    [InlineData("none", "it gives no log-probabilities")]
    [InlineData("foreign", "the vocabulary has no token for what the server calls 'OK'")]
    public async Task A_teacher_of_text_alone_says_so_before_it_starts(string what, string why)
    {
        var probe = what == "none" ? ChatJson.Text("OK") : Chat.Scored("OK", spoil: positions =>
        {
            positions.Clear();
            positions.Add((JsonNode)new JsonObject { ["token"] = "OK", ["logprob"] = -0.1, ["bytes"] = new JsonArray(79, 75), ["top_logprobs"] = new JsonArray(new JsonObject { ["token"] = "OK", ["logprob"] = -0.1 }) });
        });
        TestRequest? asked = null;
        await using var server = new TestServer(request =>
        {
            asked = request;
            return request.IsProbe() ? probe : ChatJson.Text("on");
        });
        var heard = new HeardProgress();
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Sampling = Sampling() }, dialogue: Chat.Dialogue, progress: heard);

        var told = await teacher.ProbeAsync(CancellationToken.None);

        Assert.Equal((0, why), (told.TopLogProbs, told.WhyTextOnly));
        Assert.Contains($"tiny: {why}. The dataset will hold its text only", heard.Text, StringComparison.Ordinal);
        Assert.Null((await teacher.AskAsync(Chat.Prompt("lamp"))).Single().Example!.Trace);
        Assert.False(asked!.Body.TryGetProperty("logprobs", out _));
        Assert.Equal(0, teacher.Usage.WithoutTrace);
    }

    [Theory]
    [InlineData("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_completion_tokens")]
    [InlineData("top_logprobs must be at most 5", "top_logprobs\":5")]
    [InlineData("logprobs are not supported", "")]
    [InlineData("unknown field seed", "")]
    public async Task A_server_that_refuses_a_parameter_is_asked_without_it(string complaint, string instead)
    {
        var refused = 0;
        await using var server = new TestServer(request => request.Number == 0 && ++refused > 0 ? TestReply.Error(400, complaint) : Chat.Scored("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Sampling = Sampling(20) }, dialogue: Chat.Dialogue);

        Assert.NotNull((await teacher.AskAsync(Chat.Prompt("lamp"))).Single().Example);

        Assert.Equal((1, 3), (refused, server.Count));
        Assert.Contains(instead, server.Requests.Last().Body.GetRawText(), StringComparison.Ordinal);
        Assert.NotEqual(server.Requests.First().Body.GetRawText().Length, server.Requests.Skip(1).First().Body.GetRawText().Length);
    }

    [Fact]
    public async Task A_server_that_refuses_even_a_small_question_is_said_before_anything_starts()
    {
        await using var server = TestServer.Saying(TestReply.Error(400, "unknown field top_k"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address));

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await teacher.AskAsync(Chat.Prompt("lamp")));

        Assert.Contains("tiny refuses a first small request: status 400: unknown field top_k", error.Message, StringComparison.Ordinal);
    }
}
