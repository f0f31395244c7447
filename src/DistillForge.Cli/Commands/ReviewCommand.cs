using System.CommandLine;
using DistillForge.Core;
using DistillForge.Runs.Lineage;

namespace DistillForge.Cli.Commands;

/// <summary><c>review export</c> and <c>review import</c>: rows go to people, and their decisions come back.</summary>
static class ReviewCommand
{
    static readonly Argument<string> Run = new("RUN") { Description = "A run folder" };

    public static Command Create() => new("review", "Send rows to people and take their decisions: approve, reject, edit, comment. They win over the filters, also when filtering again.") { Export(), Import() };

    static Command Export()
    {
        var target = new Option<string>("--out", "-o") { Description = "The file to write: .csv or .jsonl", Required = true };
        var rows = new Option<ReviewRows>("--rows") { Description = "awaiting (held back for a person), dropped, kept or all", DefaultValueFactory = _ => ReviewRows.Awaiting };
        var command = new Command("export", "Write rows for a reviewer, who fills the columns decision, edited, comment, reviewer and time.") { Run, target, rows };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var count = await Review.ExportAsync(parsed.GetRequiredValue(Run), parsed.GetRequiredValue(target), parsed.GetValue(rows), interrupt);
            await Console.Out.WriteLineAsync($"{count:N0} rows in {parsed.GetRequiredValue(target)}");
            return ExitCode.Done;
        }));
        return command;
    }

    static Command Import()
    {
        var source = new Argument<string>("FILE") { Description = "What came back: .csv or .jsonl" };
        var reviewer = new Option<string?>("--reviewer") { Description = "Who decided, where a row names nobody" };
        var command = new Command("import", "Check a reviewer's file and write its decisions into the run and its ledger; 'filter' applies them.") { Run, source, reviewer };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var done = await Review.ImportAsync(parsed.GetRequiredValue(Run), parsed.GetRequiredValue(source), parsed.GetValue(reviewer), TimeProvider.System, interrupt);
            var said = done.New.Count == 0 ? "nothing new" : string.Join(", ", done.New.OrderBy(kind => kind.Key).Select(kind => $"{kind.Value:N0} {kind.Key.ToString().ToLowerInvariant()}"));
            await Console.Out.WriteLineAsync($"{said}; {done.Open:N0} rows left open{(done.Known > 0 ? $", {done.Known:N0} known already" : "")}{(done.File is null ? "" : $"; in {done.File}. Run 'distillforge filter RECIPE' to apply them")}");
            return ExitCode.Done;
        }));
        return command;
    }
}
