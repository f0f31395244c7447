using DistillForge.Core;

namespace DistillForge.Cli;

/// <summary>What the terminal at hand can do.</summary>
static class Output
{
    static bool Plain => Console.IsErrorRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") == "dumb";

    public static IProgressLog Progress() => new ProgressLines(Console.Error, !Plain, TimeProvider.System);
}
