namespace DistillForge.EndToEnd.Tests;

public class OwnTeacherTests
{
    [Fact]
    public async Task Init_writes_a_recipe_that_plan_accepts()
    {
        using var work = new Workplace();
        var questions = work.File("questions.csv", "id,question\n1,turn on the kitchen lights\n2,dim the lamp\n");
        var recipe = Path.Combine(work.Path, "mine.yaml");

        var made = await Forging.RunAsync("init", questions, Path.Combine(Home.Root, "models", "home-teacher.gguf"), "--out", recipe);
        var plan = await Forging.RunAsync("plan", recipe, "--runs", work.Runs);

        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains("2 questions from questions.csv, column 'question'", made.Output, StringComparison.Ordinal);
        Assert.True(plan.ExitCode == 0, plan.Error);
        Assert.Matches("generate +do", plan.Output);
    }

    [SharedFact("data/soda-chat/chat_val.txt")]
    public async Task A_real_teacher_of_another_architecture_makes_a_Llama_with_its_vocabulary()
    {
        using var work = new Workplace();
        var recipe = work.File("soda.yaml", File.ReadAllText(Path.Combine(Home.Root, "recipes", "soda-chat.yaml"))
            .Replace("name: soda-chat", "name: soda", StringComparison.Ordinal)
            .Replace("chat_val.txt }", "chat_val.txt, count: 60 }", StringComparison.Ordinal)
            .Replace("samples: 4", "samples: 1", StringComparison.Ordinal)
            .Replace("max_tokens: 64", "max_tokens: 24", StringComparison.Ordinal)
            .Replace("epochs: 6", "epochs: 1", StringComparison.Ordinal)
            .Replace("[ f16, q8_0 ]", "[ f16 ]", StringComparison.Ordinal)
            .Replace("held_out: 70", "held_out: 5", StringComparison.Ordinal));

        var ended = await Forging.RunAsync("run", recipe, "--runs", work.Runs);

        Assert.True(ended.ExitCode == 0, ended.Error);
        Assert.Contains("texts tokenized alike", ended.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(work.Run("soda", "soda-f16.gguf")));
    }
}
