using DistillForge.Runs;
using Spectre.Console;

namespace DistillForge.Cli;

/// <summary>The end of a run as a person reads it.</summary>
static class SummaryTable
{
    public static string Render(RunSummary summary)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = 110;
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("");
        foreach (var column in summary.Columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned());
        }

        foreach (var (name, cells) in summary.Rows)
        {
            table.AddRow([Markup.Escape(name), .. cells.Select(cell => Markup.Escape(cell))]);
        }

        console.Write(table);
        foreach (var line in summary.Lines)
        {
            text.WriteLine(line);
        }

        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).TrimEnd();
    }
}
