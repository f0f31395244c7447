using System.CommandLine;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Lineage;

namespace DistillForge.Cli.Commands;

/// <summary><c>why ROW --run RUN</c>: everything about one row.</summary>
static class WhyCommand
{
    public static Command Create()
    {
        var row = new Argument<string>("ROW") { Description = "The row's id, or the beginning of it" };
        var run = LineageOptions.Run();
        var command = new Command("why", "Tell everything about one row: prompt, answer, teacher, terms, sampling, every verdict, and the students that it went into.") { row, run, RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var story = await RowStory.TellAsync(parsed.GetRequiredValue(row), parsed.GetRequiredValue(run), interrupt);
            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? story.ToJson() : string.Join('\n', story.Lines()));
            return ExitCode.Done;
        }));
        return command;
    }
}

/// <summary><c>verify RUN</c>: is everything as it was written?</summary>
static class VerifyCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A run folder, or any folder with a student and its bom.cdx.json" };
        var head = new Option<string?>("--head") { Description = "The head that an earlier 'verify' printed: shows whether the ledger is still that one, continued" };
        var command = new Command("verify", "Compare a run folder with its hash-chained ledger, manifests and every file that a stage made; a student that came alone with its bill of materials. Exit code 2 where something changed.") { run, head };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            if (!Directory.Exists(Path.Combine(parsed.GetRequiredValue(run), "manifests")) && BillCheck.TryOf(parsed.GetRequiredValue(run), interrupt) is { } check)
            {
                return await TellAsync(check);
            }

            var verification = Verification.Of(parsed.GetRequiredValue(run), parsed.GetValue(head), interrupt);
            foreach (var line in Lines(verification))
            {
                await Console.Out.WriteLineAsync(TerminalText.Harmless(line));
            }

            return verification is { Changes.Count: 0, Half: null } ? ExitCode.Done : ExitCode.UserCanFix;
        }));
        return command;
    }

    static IEnumerable<string> Lines(Verification verification)
    {
        foreach (var change in verification.Changes)
        {
            yield return $"changed  {(change.Line > 0 ? $"line {change.Line} of " : "")}{change}";
        }

        if (verification.Half is { } half)
        {
            yield return $"half     {half.Problem}";
            yield return half.Files.Count == 0 ? "         It has rewritten nothing that the ledger vouches for." : $"         Rewritten so far: {string.Join(", ", half.Files)}. What becomes of them is known when it is finished; verify again then.";
        }

        foreach (var name in verification.Left)
        {
            yield return $"left     {name}: an import or export that broke off left it; nothing reads it, and the next one replaces it";
        }

        var found = verification.Changes.Count > 0 ? $"{verification.Changes.Count:N0} changes" : verification.Half is null ? "nothing changed" : "nothing else changed";
        yield return $"{verification.Entries:N0} entries, {verification.Files:N0} files, {found}; head {verification.Head}";
    }

    // A student without its run: there is no ledger to compare with.
    static async Task<int> TellAsync(BillCheck check)
    {
        foreach (var change in check.Changes)
        {
            await Console.Out.WriteLineAsync($"changed  {change}");
        }

        await Console.Out.WriteLineAsync($"{check.Files:N0} files compared with bom.cdx.json{(check.Absent.Count == 0 ? "" : $", {check.Absent.Count:N0} that it names are not here ({string.Join(", ", check.Absent.Take(3))}{(check.Absent.Count > 3 ? ", …" : "")})")}; {(check.Changes.Count == 0 ? "nothing changed" : $"{check.Changes.Count:N0} changes")}");
        return check.Changes.Count == 0 ? ExitCode.Done : ExitCode.UserCanFix;
    }
}

/// <summary><c>export RUN --format … --out FILE</c>: the curated rows for another trainer.</summary>
static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A run folder" };
        var format = new Option<string>("--format") { Description = $"The shape of the rows: {string.Join(", ", CuratedExport.Formats)}", Required = true };
        var target = new Option<string>("--out", "-o") { Description = "The file to write; .jsonl, .csv or .parquet", Required = true };
        var by = new Option<string>("--by") { Description = "Who takes the rows, for the ledger; else the system's user", DefaultValueFactory = _ => Environment.UserName };
        var template = new Option<string?>("--template") { Description = "Of axolotl-input-output: a GGUF with the chat template (default: the student's)" };
        var guard = new Option<bool>("--guard-formulas") { Description = "Of .csv that people will open: an apostrophe before a text that a spreadsheet would run as a formula" };
        var command = new Command("export", "Write a run's curated rows in a shape that TRL, axolotl, LLaMA-Factory and OpenAI read; the ledger keeps who took which.") { run, format, target, by, template, guard };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var (export, hasCard, formulas) = await CuratedExport.WriteAsync(parsed.GetRequiredValue(run), parsed.GetRequiredValue(format), parsed.GetRequiredValue(target), parsed.GetRequiredValue(by),
                parsed.GetValue(guard) ? CsvCells.Guarded : CsvCells.AsTheyAre, parsed.GetValue(template), TimeProvider.System, interrupt);
            await Console.Out.WriteLineAsync($"{export.Rows:N0} rows in {parsed.GetRequiredValue(target)}, sha256 {export.Sha256}");
            await Console.Out.WriteLineAsync(hasCard ? "beside it: README.md (dataset card), croissant.json and GOVERNANCE.md" : "no dataset card: a README.md that is not ours lies there; export into a folder of its own for one");
            if (formulas > 0)
            {
                await Console.Error.WriteLineAsync($"{formulas:N0} cells begin as a formula does (=, +, -, @): read the file by program, or write it with --guard-formulas before somebody opens it in a spreadsheet");
            }

            return ExitCode.Done;
        }));
        return command;
    }
}

static class LineageOptions
{
    public static Option<string> Run() => new("--run") { Description = "The run's folder", Required = true };
}
