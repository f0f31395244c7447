using System.CommandLine;
using DistillForge.Core;
using DistillForge.Runs;

namespace DistillForge.Cli.Commands;

/// <summary><c>inspect PATH</c>: what a run folder, a dataset or a GGUF holds.</summary>
static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "A run folder, a folder of examples, a file of rows (.parquet, .jsonl, .csv) or a GGUF" };
        var column = new Option<string?>("--column") { Description = "Of a CSV: the column that holds the question (default: found by name)" };
        var answer = new Option<string?>("--answer-column") { Description = "Of a CSV: the column that holds the answer" };
        var samples = new Option<int>("--samples") { Description = "Rows to show", DefaultValueFactory = _ => 3 };
        var compared = new Option<int>("--cluster-rows") { Description = "Rows among which near-duplicates are sought", DefaultValueFactory = _ => 20_000 };
        foreach (var count in new[] { samples, compared })
        {
            count.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is < 0 or > 10_000_000)
                {
                    result.AddError($"{result.Option.Name} takes a number from 0 to 10,000,000.");
                }
            });
        }

        var command = new Command("inspect", "Show what a run, a dataset or a GGUF holds: rows, columns, lengths, reasons, clusters, samples.") { path, column, answer, samples, compared, RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var (place, survey) = (parsed.GetRequiredValue(path), new Survey(parsed.GetValue(column), parsed.GetValue(answer), parsed.GetValue(samples), parsed.GetValue(compared)));
            if (parsed.GetValue(RunCommand.Json))
            {
                await Console.Out.WriteLineAsync(await Inspection.ToJsonAsync(place, survey, interrupt));
                return ExitCode.Done;
            }

            await foreach (var line in Inspection.DescribeAsync(place, survey, interrupt))
            {
                await Console.Out.WriteLineAsync(line);
            }

            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>sql "…"</c>: any question over the files of a run.</summary>
static class SqlCommand
{
    public static Command Create()
    {
        var query = new Argument<string>("SQL") { Description = "e.g. \"select reason, count(*) from verdicts group by all\"" };
        var run = new Option<string>("--run") { Description = "The run's folder", Required = true };
        var command = new Command("sql", "Ask the Parquet files of a run: tables prompts, examples, traces, failures, verdicts, curated.") { query, run };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            await foreach (var line in Inspection.QueryAsync(parsed.GetRequiredValue(query), parsed.GetRequiredValue(run), interrupt))
            {
                await Console.Out.WriteLineAsync(line);
            }

            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>doctor</c>: is everything here that a run needs?</summary>
static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Check the machine and the engines; say what is missing and which command brings it.") { RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var findings = await Doctor.ExamineAsync(interrupt);
            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? Doctor.ToJson(findings) : Doctor.Render(findings));
            return findings.All(finding => finding.Fine) ? ExitCode.Done : ExitCode.Unavailable;
        }));
        return command;
    }
}

/// <summary><c>init</c>: a recipe from one's own data and teacher.</summary>
static class InitCommand
{
    public static Command Create()
    {
        var data = new Argument<string>("DATA") { Description = "A CSV or JSONL file with the questions" };
        var teacher = new Argument<string>("TEACHER") { Description = "The teacher: a GGUF file" };
        var column = new Option<string?>("--column") { Description = "The column that holds the question (default: found by name and content)" };
        var target = new Option<string?>("--out", "-o") { Description = "The recipe to write (default: recipes/NAME-OF-DATA.yaml)" };
        var command = new Command("init", "Write a recipe for your own questions and your own GGUF teacher.") { data, teacher, column, target };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var made = await Init.WriteAsync(parsed.GetRequiredValue(data), parsed.GetRequiredValue(teacher), parsed.GetValue(column), parsed.GetValue(target), interrupt);
            await Console.Out.WriteLineAsync(made);
            return ExitCode.Done;
        }));
        return command;
    }
}
