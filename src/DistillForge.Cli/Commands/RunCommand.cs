using System.CommandLine;
using DistillForge.Core;
using DistillForge.Runs;

namespace DistillForge.Cli.Commands;

/// <summary><c>run RECIPE</c>: every stage that is not done yet, then the summary.</summary>
static class RunCommand
{
    internal static readonly Argument<string> Recipe = new("RECIPE") { Description = "A recipe, e.g. recipes/quickstart.yaml" };

    static readonly Option<string?> RunsOption = new("--runs") { Description = "Folder that holds one folder a run (default: runs/ in DistillForge's own folder)" };

    internal static Option Runs => RunsOption;

    internal static readonly Option<bool> Json = new("--json") { Description = "Print the result as JSON on standard output" };

    internal static string RunsOf(ParseResult parsed) => parsed.GetValue(RunsOption) ?? Path.Combine(Home.Root, "runs");

    public static Command Create()
    {
        var command = new Command("run", "Do everything that a recipe asks for, from prompts to checked GGUFs; what is done already is skipped.") { Recipe, Runs, Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var summary = await Forge.RunAsync(new RunRequest(parsed.GetRequiredValue(Recipe), RunsOf(parsed)), Output.Progress(), TimeProvider.System, interrupt);
            await Console.Out.WriteLineAsync(parsed.GetValue(Json) ? summary.ToJson() : SummaryTable.Render(summary));
            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>generate</c>, <c>filter</c>, … RECIPE: the stages up to and including the named one.</summary>
static class StageCommand
{
    public static Command Create(string stage, string description)
    {
        var command = new Command(stage, $"{description} Stages before it are done first where they are not done yet.") { RunCommand.Recipe, RunCommand.Runs };
        if (stage == "train")
        {
            command.Add(new Option<bool>("--resume") { Description = "Go on from the newest whole checkpoint; this command and 'run' do so by themselves" });
        }

        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            await Forge.RunAsync(new RunRequest(parsed.GetRequiredValue(RunCommand.Recipe), RunCommand.RunsOf(parsed), stage), Output.Progress(), TimeProvider.System, interrupt);
            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>filter RECIPE</c>: the stages up to the curated set; with <c>--dry-run</c> what the policy would do with some rows.</summary>
static class FilterCommand
{
    public static Command Create()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Judge a sample and say what would be dropped and why; write no verdicts" };
        var sample = new Option<int>("--sample") { Description = "Rows that --dry-run judges", DefaultValueFactory = _ => 10_000 };
        var examples = new Option<int>("--examples") { Description = "Rows that --dry-run shows of each reason", DefaultValueFactory = _ => 3 };
        var command = StageCommand.Create("filter", "Judge every row; write verdicts and the curated set.");
        command.Add(dryRun);
        command.Add(sample);
        command.Add(examples);
        command.Add(RunCommand.Json);
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var request = new RunRequest(parsed.GetRequiredValue(RunCommand.Recipe), RunCommand.RunsOf(parsed), "filter");
            if (!parsed.GetValue(dryRun))
            {
                var summary = await Forge.RunAsync(request, Output.Progress(), TimeProvider.System, interrupt);
                await Console.Out.WriteAsync(parsed.GetValue(RunCommand.Json) ? summary.ToJson() + "\n" : "");
                return ExitCode.Done;
            }

            var preview = await Forge.PreviewFiltersAsync(request, Math.Max(1, parsed.GetValue(sample)), Math.Clamp(parsed.GetValue(examples), 0, 1000), Output.Progress(), TimeProvider.System, interrupt);
            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? preview.ToJson() : string.Join('\n', preview.Lines()));
            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>plan RECIPE</c>: what <c>run</c> would do and why, without doing it.</summary>
static class PlanCommand
{
    public static Command Create()
    {
        var command = new Command("plan", "Say which stages 'run' would do or skip, and how many prompts, tokens, seconds, dollars and bytes that takes. A local teacher is asked a few prompts to find out; an API is not asked.") { RunCommand.Recipe, RunCommand.Runs, RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var plan = await Forge.PlanAsync(new RunRequest(parsed.GetRequiredValue(RunCommand.Recipe), RunCommand.RunsOf(parsed)), Output.Progress(), TimeProvider.System, interrupt);
            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? plan.ToJson() : string.Join('\n', plan.Lines()));
            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>score RECIPE|PATH</c>: a teacher reads answers that exist.</summary>
static class ScoreCommand
{
    public static Command Create()
    {
        var target = new Argument<string>("TARGET") { Description = "A recipe with a dataset and a teacher, or answers: JSONL, CSV, Parquet, or a folder of Parquet shards" };
        var teacher = new Option<string?>("--teacher") { Description = "The GGUF that reads a file's answers; a recipe names its own" };
        var top = new Option<int>("--top-logprobs") { Description = "Most likely tokens captured at each position of a file's answers, at most", DefaultValueFactory = _ => 16 };
        var tail = new Option<int>("--tail-samples") { Description = "Tokens drawn from the tail at each position of a file's answers", DefaultValueFactory = _ => 8 };
        var column = new Option<string>("--column") { Description = "The column of a CSV that holds the prompt", DefaultValueFactory = _ => "text" };
        var answer = new Option<string>("--answer-column") { Description = "The column of a CSV that holds the answer", DefaultValueFactory = _ => "answer" };
        var command = new Command("score", "Let a teacher read answers that exist, its own or others', and write what it thinks of every token, as it does of its own.") { target, teacher, top, tail, column, answer, RunCommand.Runs, RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var capture = new Want.Head(Math.Clamp(parsed.GetValue(top), 1, 255), TailSamples: Math.Clamp(parsed.GetValue(tail), 0, 1024), Temperatures: [1f]);
            var request = new ScoreRequest(parsed.GetRequiredValue(target), RunCommand.RunsOf(parsed), parsed.GetValue(teacher), capture, parsed.GetValue(column)!, parsed.GetValue(answer)!);
            var summary = await Forge.ScoreAsync(request, Output.Progress(), TimeProvider.System, interrupt);
            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? summary.ToJson() : summary.ToString());
            return ExitCode.Done;
        }));
        return command;
    }
}
