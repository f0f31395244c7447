namespace DistillForge.TestSupport;

/// <summary>What was said, for a test to read.</summary>
sealed class HeardProgress : IProgressLog
{
    readonly System.Collections.Concurrent.ConcurrentQueue<string> lines = [];

    public string Text => string.Join('\n', lines);

    public void Say(string message) => lines.Enqueue(message);

    public void Report(string what, long done, long total, string unit, string detail = "")
    {
    }
}
