using System.CommandLine;
using DistillForge.Core;

namespace DistillForge.Cli.Commands;

/// <summary>Commands that the launcher does before this program exists; listed here so that the help is whole.</summary>
static class LauncherCommand
{
    public static Command Create(string name, string description)
    {
        var command = new Command(name, description);
        command.SetAction(async _ =>
        {
            await Console.Error.WriteLineAsync($"'{name}' is done by the launcher: {Path.Combine(Home.Root, "distillforge")} {name}");
            return ExitCode.UserCanFix;
        });
        return command;
    }
}
