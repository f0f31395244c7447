using System.Globalization;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>The files of a journal in a run folder, and the step from a finished segment to Parquet shards.</summary>
/// <param name="onStep">Told before each step that changes the disk; tests break off here.</param>
sealed class JournalFolder(string run, Action<string> onStep)
{
    const string Name = "journal";

    string Failures => Path.Combine(run, "failures.parquet");

    public string SegmentPath(int number) => Path.Combine(run, Name, $"{number:D6}.log");

    public IEnumerable<int> Segments() => Numbers(Name, "*.log");

    public JournalShards Shards() => new(
        [.. Numbers("examples", "*.parquet").Select(number => Shard("examples", number))],
        [.. Numbers("traces", "*.parquet").Select(number => Shard("traces", number))],
        File.Exists(Failures) ? [Failures] : []);

    public int NextNumber() => Segments().Concat(Numbers("examples", "*.parquet")).DefaultIfEmpty().Max() + 1;

    /// <summary>
    /// Writes the shards of a segment, then deletes it. Each shard has its segment's number and is replaced whole, failures are merged by
    /// id: breaking off anywhere and doing it again gives the same files.
    /// </summary>
    public async Task CompactAsync(int number, CancellationToken cancellationToken)
    {
        var path = SegmentPath(number);
        var entries = Segment.Recover(path).OrderBy(entry => entry.Id, StringComparer.Ordinal).ToList();
        if (entries.Any(entry => !entry.IsFailure))
        {
            onStep("examples");
            await ExamplesFile.WriteAsync(Shard("examples", number), ReadAsync(path, entries.Where(entry => !entry.IsFailure), answer => answer.Example!), cancellationToken);
        }

        if (entries.Any(entry => entry.HasTrace))
        {
            onStep("traces");
            await TracesFile.WriteAsync(Shard("traces", number), ReadAsync(path, entries.Where(entry => entry.HasTrace), answer => answer.Example!.Trace!), cancellationToken);
        }

        if (entries.Any(entry => entry.IsFailure))
        {
            onStep("failures");
            await MergeFailuresAsync(path, entries.Where(entry => entry.IsFailure), cancellationToken);
        }

        onStep("delete");
        File.Delete(path);
        DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
    }

    async Task MergeFailuresAsync(string path, IEnumerable<SegmentEntry> entries, CancellationToken cancellationToken)
    {
        var all = new SortedDictionary<string, Failure>(StringComparer.Ordinal);
        await foreach (var failure in FailuresFile.ReadAsync(Shards().Failures, cancellationToken))
        {
            all[failure.Id] = failure;
        }

        await foreach (var failure in ReadAsync(path, entries, answer => answer.Failure!).WithCancellation(cancellationToken))
        {
            all[failure.Id] = failure;
        }

        await FailuresFile.WriteAsync(Failures, all.Values.ToAsyncEnumerable(), cancellationToken);
    }

    static async IAsyncEnumerable<T> ReadAsync<T>(string path, IEnumerable<SegmentEntry> entries, Func<Answer, T> part)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        foreach (var entry in entries)
        {
            yield return part(Segment.Read(stream, entry));
        }
    }

    string Shard(string kind, int number) => Path.Combine(run, kind, $"{number:D6}.parquet");

    // Files of other names are somebody else's.
    IEnumerable<int> Numbers(string folder, string pattern)
    {
        var full = Path.Combine(run, folder);
        return Directory.Exists(full)
            ? Directory.EnumerateFiles(full, pattern)
                .Select(file => int.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
                .Where(number => number > 0).Order()
            : [];
    }
}
