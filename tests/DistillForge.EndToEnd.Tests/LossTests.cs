using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

/// <summary>Kinds of distillation that need more than one trace a row, from the recipe to a checkpoint.</summary>
public class LossTests
{
    static readonly string Teacher = Path.Combine(Home.Root, "models", "home-teacher.gguf");

    [Fact]
    public async Task Two_teachers_score_a_dataset_and_the_student_learns_from_both()
    {
        using var work = new Workplace();
        // Another teacher of the same vocabulary: one bit of its last weight differs.
        var bytes = await File.ReadAllBytesAsync(Teacher);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(work.Path, "second.gguf"), bytes);
        var recipe = work.File("two.yaml", $$"""
            name: two
            teachers: [ { gguf: {{Teacher}}, weight: 2 }, { gguf: second.gguf } ]
            dataset: { template: prompts/home.prompt.yaml, count: 40 }
            student: { layers: 1, width: 32, heads: 2, vocabulary: teacher }
            train:
              losses: [ { jsd: { weight: { from: 0.9, to: 0.5 }, tokens: { by: divergence, share: 0.8 } } }, { cross-entropy: { weight: { from: 0.1, to: 0.5, shape: cosine } } } ]
              ensemble: confidence
              epochs: 2
            evaluate: { held_out: 0 }
            """);

        var done = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Equal(["2"], await TeacherStageTests.AskAsync(work, ".", $"select count(distinct filename) from read_parquet('{work.Run("two", "scores", "*", "traces", "*.parquet")}', filename = true)"));
        var inputs = JsonDocument.Parse(await File.ReadAllTextAsync(work.Run("two", "manifests", "train.json"))).RootElement.GetProperty("inputs");
        Assert.NotEqual(inputs.GetProperty("traces").GetString(), inputs.GetProperty("traces-2").GetString());
        Assert.True(File.Exists(work.Run("two", "checkpoint", "model.safetensors")));
    }

    [Fact]
    public async Task A_teacher_at_hand_gives_its_whole_distribution_and_its_inside()
    {
        using var work = new Workplace();
        var recipe = work.File("inside.yaml", $$"""
            name: inside
            teacher: { gguf: {{Teacher}} }
            dataset: { template: prompts/home.prompt.yaml, count: 40 }
            student: { layers: 2, width: 32, heads: 2, vocabulary: teacher }
            train:
              targets: online
              losses: [ { forward-kl: { temperature: 3 } }, { hidden-states: { student: [ 1, 2 ], teacher: [ 2, -1 ], weight: 0.1 } }, { attention-relations: { weight: 0.1, relations: values } } ]
              epochs: 2
            evaluate: { held_out: 0 }
            """);

        var done = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.True(File.Exists(work.Run("inside", "checkpoint", "projections.safetensors")));
    }

    [Fact]
    public async Task What_needs_a_teacher_at_hand_is_said_before_anything_is_asked()
    {
        using var work = new Workplace();
        var recipe = work.File("apart.yaml", $$"""
            name: apart
            teacher: { gguf: {{Teacher}} }
            prompts: { template: prompts/home.prompt.yaml, count: 40 }
            student: { vocabulary: { train: 512 } }
            train: { targets: text-only, losses: [ cross-entropy, rkd-angle ] }
            """);

        var done = await Forging.RunAsync("run", recipe, "--runs", work.Runs);

        Assert.Equal(2, done.ExitCode);
        Assert.Contains("rkd-angle", done.Error, StringComparison.Ordinal);
        Assert.Contains("needs a teacher that reads the student's batches", done.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(work.Runs));
    }

    [Fact]
    public async Task The_student_answers_itself_and_the_worker_reads_it()
    {
        using var work = new Workplace();
        var recipe = work.File("own.yaml", $$"""
            name: own
            teacher: { gguf: {{Teacher}} }
            dataset: { template: prompts/home.prompt.yaml, count: 30 }
            student: { layers: 1, width: 32, heads: 2, vocabulary: teacher }
            train:
              on_policy: { fraction: 0.5, max_tokens: 8 }
              losses: [ jsd, { cross-entropy: { weight: 0.1 } } ]
              epochs: 4
              tokens_per_batch: 512
            evaluate: { held_out: 0 }
            """);

        var done = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.True(File.Exists(work.Run("own", "checkpoint", "model.safetensors")));
    }

    [Theory]
    [InlineData("aligned", "forward-kl")]
    [InlineData("ranked", "uld")]
    public async Task A_student_with_its_own_vocabulary_learns_what_the_teacher_thought(string targets, string loss)
    {
        using var work = new Workplace();
        var recipe = work.File("cross.yaml", $$"""
            name: cross
            teacher: { gguf: {{Teacher}} }
            dataset: { template: prompts/home.prompt.yaml, count: 40 }
            student: { layers: 1, width: 32, heads: 2, vocabulary: { train: 400 } }
            train: { targets: {{targets}}, losses: [ {{loss}}, { cross-entropy: { weight: 0.5 } } ], epochs: 2 }
            evaluate: { held_out: 0 }
            """);

        var done = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Matches("[1-9][0-9,]* of [1-9][0-9,]* positions begin where a token of the teacher's does", done.Error);
    }

    [Fact]
    public async Task Pairs_of_a_file_move_a_model_towards_what_is_preferred()
    {
        using var work = new Workplace();
        var lines = Enumerable.Range(10, 40).Select(i => $$$"""{"prompt":"dim the bedroom lamp to {{{i}}} percent","chosen":"{\"action\":\"set_brightness\",\"target\":\"bedroom.lamp\",\"value\":{{{i}}}}","rejected":"{\"action\":\"none\"}"}""");
        work.File("pairs.jsonl", string.Join('\n', lines));
        var recipe = work.File("pairs.yaml", $$"""
            name: pairs
            dataset: { jsonl: pairs.jsonl }
            student: { gguf: {{Teacher}} }
            train: { losses: [ { dpo: { beta: 0.2 } } ], epochs: 2, learning_rate: 1e-4, tokens_per_batch: 512, validation: 0.2 }
            evaluate: { held_out: 0 }
            """);

        var done = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.True(done.ExitCode == 0, done.Error);
        Assert.Matches("held-out loss 0\\.[0-6][0-9]+, 100.0 % of the pairs as preferred", done.Error);
        Assert.Equal(["40"], await TeacherStageTests.AskAsync(work, ".", $"select count(*) from '{work.Run("pairs", "rejected.parquet")}'"));
    }

    [Fact]
    public async Task What_pairs_need_is_said_before_anything_is_done()
    {
        using var work = new Workplace();
        var recipe = work.File("apart.yaml", $$"""
            name: apart
            teacher: { gguf: {{Teacher}} }
            prompts: { template: prompts/home.prompt.yaml, count: 40 }
            train: { losses: [ dpo ] }
            """);

        var done = await Forging.RunAsync("run", recipe, "--runs", work.Runs);

        Assert.Equal(2, done.ExitCode);
        Assert.Contains("learns from pairs of answers, and prompts have none", done.Error, StringComparison.Ordinal);
        Assert.Contains("this one starts from chance", done.Error, StringComparison.Ordinal);
    }
}
