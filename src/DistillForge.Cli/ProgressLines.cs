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
    readonly Dictionary<string, Piece> pieces = [];
    int width;

    /// <summary>A piece of work under way.</summary>
    sealed class Piece(long startedAt, long startedFrom)
    {
        public long StartedAt => startedAt;
        public long StartedFrom => startedFrom;
        public long LastShown { get; set; }
        public double Share { get; set; }
    }

    public bool ShowsColour => isTerminal;

    public void Say(string message)
    {
        lock (writing)
        {
            Clear();
            // Names of teachers, files and rows are other people's.
            output.WriteLine(TerminalText.Harmless(message));
        }
    }

    public void Report(string what, long done, long total, string unit, string detail = "")
    {
        lock (writing)
        {
            var now = clock.GetTimestamp();
            if (!pieces.TryGetValue(what, out var piece))
            {
                pieces.Add(what, piece = new Piece(now, done));
            }

            var finished = total > 0 && done >= total;
            piece.Share = total > 0 ? (double)done / total : 0;
            if (finished || IsDue(piece, now))
            {
                piece.LastShown = now;
                Show(Line(what, done, total, unit, detail, clock.GetElapsedTime(piece.StartedAt, now), piece.StartedFrom));
            }

            if (finished)
            {
                Finish(what);
            }
        }
    }

    // On a terminal's single line stands the piece that is furthest from its end: it says how long all of them take.
    bool IsDue(Piece piece, long now)
        => piece.LastShown == 0 || (clock.GetElapsedTime(piece.LastShown, now) >= (isTerminal ? BetweenRewrites : BetweenLines)
            && (!isTerminal || pieces.Values.All(other => piece.Share <= other.Share)));

    void Finish(string what)
    {
        pieces.Remove(what);
        width = 0;
        if (isTerminal)
        {
            output.WriteLine();
        }
    }

    string Line(string what, long done, long total, string unit, string detail, TimeSpan elapsed, long startedFrom)
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
