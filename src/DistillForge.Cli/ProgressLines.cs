using DistillForge.Core;

namespace DistillForge.Cli;

/// <summary>
/// Progress on standard error: one line that is rewritten on a terminal, a line every few seconds elsewhere. Rate and
/// time left are measured over the whole of the present piece of work, from where it started or went on.
/// </summary>
sealed class ProgressLines(TextWriter output, bool isTerminal, TimeProvider clock) : IProgressLog
{
    static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);
    static readonly TimeSpan BetweenRewrites = TimeSpan.FromMilliseconds(100);

    readonly Lock writing = new();
    string current = "";
    long startedAt;
    long startedFrom;
    long lastShown;
    int width;

    public void Say(string message)
    {
        lock (writing)
        {
            Clear();
            output.WriteLine(message);
        }
    }

    public void Report(string what, long done, long total, string unit, string detail = "")
    {
        lock (writing)
        {
            var now = clock.GetTimestamp();
            if (what != current)
            {
                (current, startedAt, startedFrom, lastShown) = (what, now, done, 0);
            }

            var finished = total > 0 && done >= total;
            if (lastShown != 0 && !finished && clock.GetElapsedTime(lastShown, now) < (isTerminal ? BetweenRewrites : BetweenLines))
            {
                return;
            }

            lastShown = now;
            Show(Line(what, done, total, unit, detail, clock.GetElapsedTime(startedAt, now)));
            if (finished)
            {
                current = "";
                width = 0;
                if (isTerminal)
                {
                    output.WriteLine();
                }
            }
        }
    }

    string Line(string what, long done, long total, string unit, string detail, TimeSpan elapsed)
    {
        var rate = elapsed.TotalSeconds > 0.2 ? (done - startedFrom) / elapsed.TotalSeconds : 0;
        var share = total > 0 ? $"{100.0 * done / total,3:F0} %  {done:N0} of {total:N0} {unit}" : $"{done:N0} {unit}";
        var pace = rate > 0 ? $"  {(rate >= 10 ? rate.ToString("N0") : rate.ToString("0.0"))}/s" : "";
        var left = rate > 0 && total > done ? $"  {Duration(TimeSpan.FromSeconds((total - done) / rate))} left" : total > 0 && done >= total ? $"  in {Duration(elapsed)}" : "";
        return $"  {what,-10} {share}{pace}{left}{(detail.Length > 0 ? "  " + detail : "")}";
    }

    void Show(string line)
    {
        if (!isTerminal)
        {
            output.WriteLine(line);
            return;
        }

        output.Write('\r' + line.PadRight(width));
        width = line.Length;
    }

    void Clear()
    {
        if (isTerminal && width > 0)
        {
            output.Write('\r' + new string(' ', width) + '\r');
            width = 0;
        }
    }

    internal static string Duration(TimeSpan time) => time.TotalSeconds < 100
        ? $"{time.TotalSeconds:0.0} s"
        : time.TotalHours < 1 ? $"{(int)time.TotalMinutes} min {time.Seconds} s" : $"{(int)time.TotalHours} h {time.Minutes} min";
}
