using System.CommandLine;
using DistillForge.Core;
using DistillForge.Runs.Lineage;

namespace DistillForge.Cli.Commands;

/// <summary><c>takedown RUN --person …</c>: finds rows, shows them, and removes them where a person answers for it.</summary>
static class TakedownCommand
{
    const int Shown = 20;

    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "A run folder" };
        var ids = new Option<string[]>("--id") { Description = "Rows by id, or the beginning of one; may be given several times", DefaultValueFactory = _ => [] };
        var person = new Option<string?>("--person") { Description = "Rows that mention a name, an address, any text" };
        var source = new Option<string?>("--source") { Description = "Rows that came from here; * stands for any text" };
        var sql = new Option<string?>("--sql") { Description = "Rows whose ids a query gives, e.g. \"select id from examples where category = 'health'\"" };
        var remove = new Option<bool>("--remove") { Description = "Remove them; else they are only shown" };
        var by = new Option<string?>("--by") { Description = "Who answers for the removal" };
        var reason = new Option<string?>("--reason") { Description = "Why; it is kept, so do not name the person whom the rows are about" };
        var command = new Command("takedown", "Find rows by id, person, source or query; remove them from a run with --remove, and list the students that must be trained again.") { run, ids, person, source, sql, remove, by, reason };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var (folder, search) = (parsed.GetRequiredValue(run), new TakedownSearch(parsed.GetValue(ids) ?? [], parsed.GetValue(person), parsed.GetValue(source), parsed.GetValue(sql)));
            var plan = await Takedown.PlanAsync(folder, search, interrupt);
            await Console.Out.WriteLineAsync(string.Join('\n', Lines(plan)));
            if (parsed.GetValue(remove))
            {
                var done = await Takedown.DoAsync(folder, search, parsed.GetValue(by) ?? "", parsed.GetValue(reason) ?? "", TimeProvider.System, interrupt);
                await Console.Out.WriteLineAsync(string.Join('\n', Lines(done)));
            }
            else if (plan.Rows.Count > 0)
            {
                await Console.Out.WriteLineAsync("nothing was removed; do so with --remove --by NAME --reason WHY");
            }

            return ExitCode.Done;
        }));
        return command;
    }

    static IEnumerable<string> Lines(TakedownPlan plan)
    {
        foreach (var row in plan.Rows.Take(Shown))
        {
            yield return $"row      {row.Id[..Math.Min(16, row.Id.Length)]}  {Short(row.Texts[0])}  →  {Short(row.Answer)}  ({TerminalText.OnOneLine(row.Source)})";
        }

        yield return $"{plan.Rows.Count:N0} row{(plan.Rows.Count == 1 ? "" : "s")}{(plan.Rows.Count > Shown ? $", of which {Shown} are shown" : "")}: those that fit, all answers to the same questions, and later turns of their conversations";
        foreach (var student in plan.Students)
        {
            yield return $"student  {student.Path} ({student.Stage}) learned from them: train it again, or delete it; sha256 {student.Sha256}";
        }

        foreach (var export in plan.Exports)
        {
            yield return $"export   {export} holds them: write it again, and tell whoever has it";
        }

        foreach (var (run, rows) in plan.Elsewhere)
        {
            yield return $"run      {run} has {rows:N0} rows with the same questions: take them down there as well";
        }
    }

    static IEnumerable<string> Lines(TakedownResult done)
    {
        foreach (var (file, rows) in done.Removed)
        {
            yield return rows > 0 ? $"removed  {rows:N0} rows of {file}" : $"kept     tombstones in {file}";
        }

        yield return $"removed  {done.Cached:N0} paid answers of the cache of all runs";
        yield return $"kept     {done.Record}: ids, hashes of the questions, who and why; the source files of the recipe are yours to clean";
        yield return "'distillforge run RECIPE' trains without them";
    }

    static string Short(string text) => TerminalText.OnOneLine(text.Length <= 60 ? text : text[..57] + "...");
}
