using System.Text;
using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

/// <summary>A recipe whose teacher is an API: a server of the test's own on this machine.</summary>
public class ApiTeacherTests
{
    const string KeyName = "DISTILLFORGE_TEST_KEY";
    const string Key = "sk-canary-0123456789abcdef";

    [Fact]
    public async Task Texts_of_an_API_train_a_student_with_a_vocabulary_of_its_own_and_the_key_is_nowhere()
    {
        Environment.SetEnvironmentVariable(KeyName, Key);
        using var work = new Workplace();
        await using var server = new TestServer(Answer);
        work.File("q.jsonl", string.Concat(Enumerable.Range(0, 60).Select(i => $"{{\"prompt\": \"what is {i} plus one?\"}}\n")));
        var recipe = work.File("api.yaml", $$"""
            name: api
            seed: 3
            teacher: { api: "{{server.Address}}", model: adder-1, key_env: {{KeyName}}, license: MIT, requests_per_minute: 6000, timeout_s: 20 }
            prompts: { jsonl: q.jsonl }
            generate: { temperature: 0, max_tokens: 40, top_logprobs: 0, reasoning: split }
            budget: { max_tokens: 50000 }
            student: { architecture: llama, layers: 1, width: 32, heads: 2, vocabulary: { train: 300 } }
            train: { targets: text-only, epochs: 1, tokens_per_batch: 512 }
            package: { quantize: [ f16 ] }
            evaluate: { held_out: 0 }
            """);

        var plan = await Forging.RunAsync("plan", recipe, "--runs", work.Runs, "--json");
        Assert.True(plan.ExitCode == 0, plan.Error);
        Assert.Equal(0, server.Count);
        var ended = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");

        Assert.True(ended.ExitCode == 0, ended.Error);
        Assert.InRange(server.Count, 60, 62);
        Assert.Equal(60, JsonDocument.Parse(ended.Output).RootElement.GetProperty("rows").GetProperty("in").GetInt64());
        Assert.True(File.Exists(work.Run("api", "api-f16.gguf")));
        Assert.Equal(["adder-1\t60\tI count\t41"], await TeacherStageTests.AskAsync(work, "api", "select author, count(*), any_value(reasoning), max(case when prompt[1].content like '% 40 %' then completion[1].content end) from examples group by all"));
        foreach (var file in Directory.GetFiles(work.Path, "*", SearchOption.AllDirectories))
        {
            Assert.False((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf(Encoding.ASCII.GetBytes(Key)) >= 0, file);
        }

        Assert.DoesNotContain(Key, plan.Output + plan.Error + ended.Output + ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_not_set_is_told_by_its_name()
    {
        using var work = new Workplace();
        work.File("q.jsonl", """{"prompt": "hello"}""");
        var recipe = work.File("api.yaml", """
            name: api
            teacher: { api: "http://127.0.0.1:9/v1", model: m, key_env: DISTILLFORGE_NOT_SET }
            prompts: { jsonl: q.jsonl }
            train: { targets: text-only }
            student: { vocabulary: { train: 300 } }
            """);

        var ended = await Forging.RunAsync("generate", recipe, "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("DISTILLFORGE_NOT_SET, which is not set", ended.Error, StringComparison.Ordinal);
    }

    // Adds one, aloud.
    static TestReply Answer(TestRequest request)
    {
        var number = int.TryParse(string.Concat(request.LastMessage.Where(char.IsAsciiDigit)), out var parsed) ? parsed : 0;
        return ChatJson.Text($"<think>I count</think>{number + 1}", promptTokens: 12, completionTokens: 9, model: "adder-1") with { Status = request.Headers.GetValueOrDefault("Authorization") == $"Bearer {Key}" ? 200 : 401 };
    }
}
