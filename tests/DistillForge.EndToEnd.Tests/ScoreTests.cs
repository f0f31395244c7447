using System.Globalization;
using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

public class ScoreTests
{
    static readonly string Teacher = Path.Combine(Home.Root, "models", "home-teacher.gguf");

    [Fact]
    public async Task Answers_of_people_get_traces_and_a_row_that_cannot_be_read_a_cause()
    {
        using var work = new Workplace();
        var answers = work.File("answers.jsonl", """
            {"prompt": "turn on the kitchen lights", "completion": "{\"action\":\"turn_on\"}"}
            {"prompt": "what is love", "completion": "nobody knows"}
            {"prompt": "say <|end|> now", "completion": "no"}
            """);

        var first = await Forging.RunAsync("score", answers, "--teacher", Teacher, "--runs", work.Runs, "--json", "--top-logprobs", "5");
        var second = await Forging.RunAsync("score", answers, "--teacher", Teacher, "--runs", work.Runs, "--json", "--top-logprobs", "5");

        Assert.True(first.ExitCode == 0, first.Error);
        var summary = JsonDocument.Parse(first.Output).RootElement;
        Assert.Equal((3, 2, 1), (summary.GetProperty("rows").GetInt32(), summary.GetProperty("scored").GetInt32(), summary.GetProperty("failed").GetInt32()));
        Assert.True(summary.GetProperty("nats_per_token").GetDouble() > 0);
        Assert.Equal(first.Output, second.Output);
        var run = Path.GetFileName(Directory.GetDirectories(work.Runs).Single());
        Assert.Equal(["5\ttrue"], await TeacherStageTests.AskAsync(work, run, "select max(list_max(head_sizes)), bool_and(len(token_logprobs) = len(token_ids) - prompt_length) from traces"));
    }

    [Fact]
    public async Task A_teacher_that_reads_its_own_answers_thinks_the_same_of_them()
    {
        using var work = new Workplace();
        Assert.Equal(0, (await Forging.RunAsync("generate", work.Recipe(count: 40), "--runs", work.Runs)).ExitCode);

        var scored = await Forging.RunAsync("score", work.Run("tiny", "examples"), "--teacher", Teacher, "--runs", work.Runs, "--json");

        Assert.True(scored.ExitCode == 0, scored.Error);
        var traces = JsonDocument.Parse(scored.Output).RootElement.GetProperty("traces").GetString()!;
        var compared = await TeacherStageTests.AskAsync(work, ".", $"""
            select count(*), max(abs(list_sum(a.token_logprobs) - list_sum(b.token_logprobs)) / len(a.token_logprobs))
            from read_parquet('{work.Run("tiny", "traces", "*.parquet")}') a join read_parquet('{Path.Combine(traces, "*.parquet")}') b on a.id = b.id and a.token_ids = b.token_ids
            """);
        var cells = compared.Single().Split('\t');
        // Batched in Q8_0 against alone with an F32 cache: traces.md measured up to 0.07 nat for one token.
        Assert.Equal("40", cells[0]);
        Assert.InRange(double.Parse(cells[1], CultureInfo.InvariantCulture), 0, 0.07);
    }

    [Fact]
    public async Task A_dataset_with_a_teacher_trains_a_student_on_what_the_teacher_thinks_of_it()
    {
        using var work = new Workplace();
        var recipe = work.File("kd.yaml", File.ReadAllText(work.Recipe("kd"))
            .Replace("prompts: { template: prompts/home.prompt.yaml, count: 120 }", "dataset: { template: prompts/home.prompt.yaml, count: 120, author: grammar, license: Apache-2.0 }", StringComparison.Ordinal)
            .Replace("[ f32, f16, q8_0 ]", "[ f16 ]", StringComparison.Ordinal));

        var ended = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");

        Assert.True(ended.ExitCode == 0, ended.Error);
        var scores = JsonDocument.Parse(ended.Output).RootElement;
        Assert.Equal(120, scores.GetProperty("rows").GetProperty("in").GetInt64());
        Assert.True(scores.GetProperty("student").GetProperty("kl_to_teacher").GetDouble() > 0);
        Assert.NotEqual(JsonValueKind.Null, scores.GetProperty("baseline").ValueKind);
        Assert.Equal("grammar", (await TeacherStageTests.AskAsync(work, "kd", "select distinct author from examples")).Single());
    }

    [Fact]
    public async Task A_students_scores_choose_the_rows_that_teach_it_most()
    {
        using var work = new Workplace();
        var recipe = work.Recipe(count: 60);
        Assert.Equal(0, (await Forging.RunAsync("package", recipe, "--runs", work.Runs)).ExitCode);
        var scored = await Forging.RunAsync("score", work.Run("tiny", "examples"), "--teacher", work.Run("tiny", "tiny-f16.gguf"), "--runs", work.Runs, "--json");
        var traces = JsonDocument.Parse(scored.Output).RootElement.GetProperty("traces").GetString()!;
        work.File("selective.yaml", $"include: filters/home.yaml\nfilters: [ disagreement: {{ student: {traces}, share: 0.25 }} ]");
        File.WriteAllText(recipe, File.ReadAllText(recipe).Replace("filters/home.yaml", "selective.yaml", StringComparison.Ordinal));

        var filtered = await Forging.RunAsync("filter", recipe, "--runs", work.Runs);

        Assert.True(filtered.ExitCode == 0, filtered.Error);
        // What the filter says is what SQL makes of both models' traces: a quarter stays, and no row that stays has a smaller gap than one that goes.
        var judged = await TeacherStageTests.AskAsync(work, ".", $"""
            with gaps as (
                select t.id, (list_sum(list_transform(t.token_logprobs, x -> greatest(x, -20))) - list_sum(list_transform(s.token_logprobs, x -> greatest(x, -20)))) / len(t.token_logprobs) as gap
                from read_parquet('{work.Run("tiny", "traces", "*.parquet")}') t join read_parquet('{Path.Combine(traces, "*.parquet")}') s on t.id = s.id),
            judged as (select gap, id in (select id from read_parquet('{work.Run("tiny", "verdicts.parquet")}') where code = 'student-agrees') as goes from gaps)
            select count(*), count(*) filter (not goes), min(gap) filter (not goes) >= max(gap) filter (goes), min(gap) filter (not goes) > 0 from judged
            """);
        Assert.Equal(["60\t15\ttrue\ttrue"], judged);
        Assert.Equal(["0"], await TeacherStageTests.AskAsync(work, "tiny", "select count(*) from curated join verdicts on curated.id = verdicts.id where code = 'student-agrees'"));
    }

    [Fact]
    public async Task A_score_that_is_killed_goes_on()
    {
        using var work = new Workplace();
        var answers = work.File("many.jsonl", string.Concat(Enumerable.Range(0, 600).Select(i => $"{{\"prompt\": \"turn on lamp {i}\", \"completion\": \"lamp {i} is on now and stays on until somebody says otherwise\"}}\n")));
        using (var process = Forging.Start("score", answers, "--teacher", Teacher, "--runs", work.Runs))
        {
            while (await process.StandardError.ReadLineAsync() is { } line && !line.StartsWith("score  ", StringComparison.Ordinal))
            {
            }

            await Task.Delay(100);
            process.Kill();
            await process.WaitForExitAsync();
        }

        var again = await Forging.RunAsync("score", answers, "--teacher", Teacher, "--runs", work.Runs, "--json");

        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Equal(600, JsonDocument.Parse(again.Output).RootElement.GetProperty("scored").GetInt32());
    }

    [Theory]
    [InlineData("nowhere.jsonl", "nowhere.jsonl: does not exist.")]
    [InlineData("recipes/quickstart.yaml", "has no dataset")]
    [InlineData("README.md", "is a '.md' file.")]
    public async Task What_cannot_be_scored_is_said(string target, string what)
    {
        using var work = new Workplace();

        var ended = await Forging.RunAsync(target.EndsWith(".yaml", StringComparison.Ordinal) ? ["score", target, "--runs", work.Runs] : ["score", target, "--teacher", Teacher, "--runs", work.Runs]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains(what, ended.Error, StringComparison.Ordinal);
    }
}
