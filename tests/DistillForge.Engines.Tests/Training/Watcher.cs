namespace DistillForge.Engines.Tests.Training;

/// <summary>Remembers what was said, and presses Ctrl-C after a step.</summary>
sealed class Watcher : IProgressLog
{
    CancellationTokenSource? stop;
    long step = long.MaxValue;

    public List<string> Said { get; } = [];

    public string Detail { get; private set; } = "";

    public Watcher Stop(CancellationTokenSource source, long after)
    {
        (stop, step) = (source, after);
        return this;
    }

    public void Say(string message) => Said.Add(message);

    public void Report(string what, long done, long total, string unit, string detail = "")
    {
        Detail = detail;
        if (done >= step)
        {
            stop?.Cancel();
        }
    }
}
