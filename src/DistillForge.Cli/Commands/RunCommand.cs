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
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            await Forge.RunAsync(new RunRequest(parsed.GetRequiredValue(RunCommand.Recipe), RunCommand.RunsOf(parsed), stage), Output.Progress(), TimeProvider.System, interrupt);
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
        var command = new Command("plan", "Say which stages 'run' would do or skip, and why.") { RunCommand.Recipe, RunCommand.Runs };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            await foreach (var line in Forge.PlanAsync(new RunRequest(parsed.GetRequiredValue(RunCommand.Recipe), RunCommand.RunsOf(parsed)), TimeProvider.System, interrupt))
            {
                await Console.Out.WriteLineAsync(line);
            }

            return ExitCode.Done;
        }));
        return command;
    }
}
