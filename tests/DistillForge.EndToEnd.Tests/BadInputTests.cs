namespace DistillForge.EndToEnd.Tests;

public class BadInputTests
{
    [Fact]
    public async Task An_unknown_key_is_said_with_file_line_and_suggestion_all_at_once()
    {
        using var work = new Workplace();
        var recipe = work.Recipe().Replace(".yaml", "");
        var path = work.File("wrong.yaml", File.ReadAllText(recipe + ".yaml").Replace("top_logprobs", "top_logprob").Replace("epochs", "epoch"));

        var ended = await Forging.RunAsync("run", path, "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("wrong.yaml has 2 problems", ended.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'top_logprobs'?", ended.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'epochs'?", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(work.Runs));
    }

    [Fact]
    public async Task What_a_file_says_does_not_steer_the_terminal()
    {
        using var work = new Workplace();
        var path = work.File("r.yaml", """
            name: r
            dataset: { jsonl: "\e]0;owned\a\u202egnp.exe" }
            student: { vocabulary: { train: 300 } }
            """);

        var ended = await Forging.RunAsync("filter", path, "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("\uFFFD]0;owned\uFFFD\uFFFDgnp.exe does not exist.", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ended.Error);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("truncated")]
    [InlineData("text")]
    public async Task A_teacher_that_is_no_GGUF_is_named_with_the_field_that_is_wrong(string kind)
    {
        using var work = new Workplace();
        var teacher = Path.Combine(work.Path, "teacher.gguf");
        if (kind == "truncated")
        {
            File.WriteAllBytes(teacher, File.ReadAllBytes(Path.Combine(Home.Root, "models", "home-teacher.gguf"))[..100_000]);
        }
        else if (kind == "text")
        {
            File.WriteAllText(teacher, "this is no model, however long it may be");
        }

        var ended = await Forging.RunAsync("run", work.Recipe(teacher: teacher), "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("teacher.gguf", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_that_keep_nothing_leave_nothing_to_train_on_and_are_named()
    {
        using var work = new Workplace();
        work.File("none.yaml", "filters: [ min-length: { characters: 100000 } ]");
        var recipe = work.File("nothing.yaml", """
            name: nothing
            dataset: { template: prompts/home.prompt.yaml, count: 20 }
            filters: none.yaml
            student: { layers: 1, width: 32, heads: 2, vocabulary: { train: 300 } }
            """);

        var ended = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("holds no row to train on: the filters dropped all", ended.Error, StringComparison.Ordinal);

        // A file that is no table of a run is read, too: what an error names can be looked at.
        var inspected = await Forging.RunAsync("inspect", work.Run("nothing", "tokens.parquet"));
        Assert.True(inspected.ExitCode == 0, inspected.Error);
        Assert.StartsWith("0 rows\n", inspected.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("  token_ids ", inspected.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_run_on_one_folder_is_told_who_holds_the_lock()
    {
        using var work = new Workplace();
        using var held = Runs.RunFolder.Open(work.Run("tiny"));

        var ended = await Forging.RunAsync("run", work.Recipe(), "--runs", work.Runs);

        Assert.Equal(3, ended.ExitCode);
        Assert.Contains($"in use by process {Environment.ProcessId}", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_a_clear_error()
    {
        using var work = new Workplace();
        // A file where the folder should be: not even root can write below it.
        File.WriteAllText(work.Runs, "");

        var ended = await Forging.RunAsync("run", work.Recipe(), "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("cannot be written", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_a_recorded_failure()
    {
        using var work = new Workplace();
        work.File("questions.jsonl", $$"""
            {"prompt": "turn on the kitchen lights"}
            {"prompt": "{{string.Concat(Enumerable.Repeat("turn on the lights and ", 400))}}"}
            """);
        var recipe = work.File("long.yaml", File.ReadAllText(work.Recipe()).Replace("name: tiny", "name: long").Replace("{ template: prompts/home.prompt.yaml, count: 120 }", $"{{ jsonl: {Path.Combine(work.Path, "questions.jsonl")} }}"));

        var ended = await Forging.RunAsync("generate", recipe, "--runs", work.Runs);
        var failures = await Forging.RunAsync("sql", "select code, detail from failures", "--run", work.Run("long"));

        Assert.True(ended.ExitCode == 0, ended.Error);
        Assert.Contains("prompt-too-long", failures.Output, StringComparison.Ordinal);
    }
}
