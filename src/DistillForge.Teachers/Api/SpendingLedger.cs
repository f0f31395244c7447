using System.Globalization;
using System.Text;
using DistillForge.Models;

namespace DistillForge.Teachers;

/// <summary>Changes of what is spent, one a line; their sum is what a run has spent, whatever ended it.</summary>
sealed class SpendingLedger : IDisposable
{
    readonly FileStream file;
    double written;

    SpendingLedger(FileStream file, Spending before) => (this.file, Before) = (file, before);

    /// <summary>Of earlier sessions.</summary>
    public Spending Before { get; }

    public static SpendingLedger Open(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var before = File.Exists(path) ? File.ReadLines(path).Select(Parse).Aggregate(Spending.None, (sum, line) => sum + line) : Spending.None;
            var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            // A torn last line must not swallow the next one.
            file.WriteByte((byte)'\n');
            return new SpendingLedger(file, before);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DurableFile.Unwritable(path, error);
        }
    }

    /// <param name="seconds">Of this session so far.</param>
    public void Add(double usd, long tokens, double seconds)
    {
        file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{usd:R} {tokens} {seconds - written:R}.\n")));
        written = seconds;
    }

    public void Dispose() => file.Dispose();

    // The dot at the end says that a line is whole.
    static Spending Parse(string line)
    {
        var parts = line.TrimEnd('.').Split(' ');
        return line.EndsWith('.') && parts.Length == 3
            && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var usd) && double.IsFinite(usd)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var tokens)
            && double.TryParse(parts[2], NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds)
            ? new Spending(usd, tokens, seconds)
            : Spending.None;
    }

    public sealed record Spending(double Usd, long Tokens, double Seconds)
    {
        public static Spending None { get; } = new(0, 0, 0);

        public static Spending operator +(Spending a, Spending b) => new(a.Usd + b.Usd, a.Tokens + b.Tokens, a.Seconds + b.Seconds);
    }
}
