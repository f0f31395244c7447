using System.CommandLine;
using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Runs.Comparisons;

namespace DistillForge.Cli.Commands;

/// <summary><c>compare A B …</c>: any GGUFs or runs, with the tables and plots of a run's report.</summary>
static class CompareCommand
{
    public static Command Create()
    {
        var models = new Argument<string[]>("MODELS") { Description = "GGUF files and run folders; the others are compared with the first", Arity = ArgumentArity.OneOrMore };
        var data = new Option<string?>("--data") { Description = "Questions and answers: CSV, TSV, JSONL or Parquet (default: what the first run held out)" };
        var question = new Option<string>("--column") { Description = "The column that is asked", DefaultValueFactory = _ => "question" };
        var answer = new Option<string>("--answer-column") { Description = "The column with the right answer", DefaultValueFactory = _ => "answer" };
        var tokens = new Option<int>("--max-tokens") { Description = "At most this many tokens an answer", DefaultValueFactory = _ => 64 };
        var most = new Option<int>("--questions") { Description = "At most this many questions", DefaultValueFactory = _ => 300 };
        var recipe = new Option<string?>("--recipe") { Description = "Ask this recipe's benchmarks instead: any kind of task" };
        var robustness = new Option<int>("--robustness") { Description = "Ask so many questions of each test again with typos, in other case, with noise and paraphrased", DefaultValueFactory = _ => 0 };
        var page = new Option<string?>("--out", "-o") { Description = "Also write the tables and plots as one HTML page" };
        var command = new Command("compare", "Compare any models side by side: what they answer, what they think of the same tokens, what they cost.") { models, data, question, answer, tokens, most, recipe, robustness, page, RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var request = new CompareRequest(parsed.GetRequiredValue(models), parsed.GetValue(data), parsed.GetValue(question)!, parsed.GetValue(answer)!, Math.Max(1, parsed.GetValue(tokens)), Math.Max(1, parsed.GetValue(most)), parsed.GetValue(recipe), Math.Max(0, parsed.GetValue(robustness)));
            var result = await Comparing.RunAsync(request, Output.Progress(), interrupt);
            if (parsed.GetValue(page) is { } path)
            {
                DurableFile.Write(Path.GetFullPath(path), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(result.ToPage().ToHtml())));
            }

            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? result.ToJson() : SummaryTable.Render(result.ToSummary()));
            return ExitCode.Done;
        }));
        return command;
    }
}
