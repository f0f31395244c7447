using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

/// <summary>Students that start from something, from the recipe to scores.</summary>
public class StudentTests
{
    static readonly string Teacher = Path.Combine(Home.Root, "models", "home-teacher.gguf");

    [Fact]
    public async Task A_student_of_chosen_layers_goes_the_whole_way()
    {
        using var work = new Workplace();
        var recipe = work.File("kept.yaml", $$"""
            name: kept
            teacher: { gguf: {{Teacher}}, license: Apache-2.0 }
            prompts: { template: prompts/home.prompt.yaml, count: 16 }
            student: { from_teacher: { layers: 2, feed_forward: 256, calibration_rows: 8 } }
            train: { epochs: 1, learning_rate: 1e-4 }
            package: { quantize: [ f16 ] }
            evaluate: { held_out: 4 }
            """);

        var done = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Contains("from the teacher: layers ", done.Error, StringComparison.Ordinal);
        using var chosen = JsonDocument.Parse(await File.ReadAllTextAsync(work.Run("kept", "student.json")));
        Assert.Equal(2, chosen.RootElement.GetProperty("kept").GetProperty("layers").GetArrayLength());
        Assert.Equal(5, chosen.RootElement.GetProperty("importance").GetProperty("layers").GetArrayLength());
        Assert.True(File.Exists(work.Run("kept", "kept-f16.gguf")));
        Assert.True(JsonDocument.Parse(done.Output).RootElement.GetProperty("student").GetProperty("kl_to_teacher").GetDouble() > 0);
    }

    [Fact]
    public async Task Adapters_on_a_gguf_of_fewer_tokens_leave_merged_and_apart()
    {
        using var work = new Workplace();
        var recipe = work.File("adapted.yaml", $$"""
            name: adapted
            dataset: { template: prompts/home.prompt.yaml, count: 16, license: MIT }
            student: { gguf: {{Teacher}}, vocabulary: pruned, lora: { rank: 4, targets: [ attn_q, attn_v ], base: bf16 } }
            train: { epochs: 1 }
            package: { quantize: [ f16 ], lora_adapter: true }
            """);

        var done = await Forging.RunAsync("package", recipe, "--runs", work.Runs);

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.True(File.Exists(work.Run("adapted", "adapted-f16.gguf")));
        Assert.InRange(new FileInfo(work.Run("adapted", "adapted-lora.gguf")).Length, 10_000, 1_000_000);
        Assert.Contains("of 1,024 tokens are used by the rows", done.Error, StringComparison.Ordinal);
        Assert.Contains("of adapters beside them are trained", done.Error, StringComparison.Ordinal);
    }

    [SharedFact("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")]
    public async Task A_real_quantized_model_is_tuned_and_packaged()
    {
        using var work = new Workplace();
        var rows = string.Join('\n', Enumerable.Range(0, 6).Select(i => $$"""{"prompt": "Hi {{i}}! How are you?", "completion": "I am fine, thanks."}"""));
        work.File("rows.jsonl", rows);
        var recipe = work.File("tuned.yaml", $$"""
            name: tuned
            dataset: { jsonl: rows.jsonl }
            student: { gguf: {{SharedFiles.PathOf("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")}} }
            train: { epochs: 12, learning_rate: 1e-3, tokens_per_batch: 256, validation: 0 }
            package: { quantize: [ f32, f16 ] }
            """);

        var done = await Forging.RunAsync("package", recipe, "--runs", work.Runs);

        // llama.cpp's GELU is a table of float16, so even the float32 file is off by more than a Llama may be.
        Assert.True(done.ExitCode == 0, done.Error);
        Assert.True(File.Exists(work.Run("tuned", "tuned-f32.gguf")));
        Assert.True(File.Exists(work.Run("tuned", "tuned-f16.gguf")));
    }

    [Theory]
    [InlineData("{ gguf: TEACHER, layers: 4 }", "has a shape of its own")]
    [InlineData("{ lora: { rank: 4 } }", "adapts a model, and there is none")]
    [InlineData("{ huggingface: nowhere }", "nowhere does not exist")]
    [InlineData("{ from_teacher: { layers: 2 } }", "takes a GGUF teacher")]
    [InlineData("{ gguf: TEACHER, lora: { rank: 0 } }", "1 to 1024 are possible")]
    public async Task What_does_not_fit_is_said_before_anything_is_done(string student, string what)
    {
        using var work = new Workplace();
        var recipe = work.File("unfit.yaml", $$"""
            name: unfit
            dataset: { template: prompts/home.prompt.yaml, count: 40 }
            student: {{student.Replace("TEACHER", Teacher, StringComparison.Ordinal)}}
            """);

        var done = await Forging.RunAsync("run", recipe, "--runs", work.Runs);

        Assert.Equal(2, done.ExitCode);
        Assert.Contains(what, done.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(work.Runs));
    }
}
