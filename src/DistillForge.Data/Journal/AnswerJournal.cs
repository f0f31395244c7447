using System.Threading.Channels;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>The Parquet files of a journal.</summary>
/// <param name="Failures">One path, or none.</param>
public sealed record JournalShards(IReadOnlyList<string> Examples, IReadOnlyList<string> Traces, IReadOnlyList<string> Failures);

/// <summary>
/// Every answer that a teacher gave, safe once acknowledged: append-only segments under <c>journal/</c>, compacted to Parquet shards
/// <c>examples/N.parquet</c> and <c>traces/N.parquet</c>, and <c>failures.parquet</c>. A row is there once, whatever happens.
/// </summary>
public sealed class AnswerJournal : IAsyncDisposable
{
    // Answers acknowledged with one fsync.
    const int GroupRows = 256;

    readonly JournalFolder folder;
    readonly long segmentBytes;
    readonly Channel<Pending> pending = Channel.CreateBounded<Pending>(2 * GroupRows);
    readonly HashSet<string> ids;
    readonly Task writing;
    FileStream? segment;
    Task compacting = Task.CompletedTask;
    Exception? broken;
    int number;
    long examples;
    long failures;

    AnswerJournal(JournalFolder folder, long segmentBytes, HashSet<string> ids)
    {
        (this.folder, this.segmentBytes, this.ids) = (folder, segmentBytes, ids);
        number = folder.NextNumber();
        writing = Task.Run(WriteAsync);
    }

    public long Examples => Interlocked.Read(ref examples);

    public long Failures => Interlocked.Read(ref failures);

    /// <summary>Opens a run folder's journal; cuts a torn tail and finishes an interrupted compaction.</summary>
    public static Task<AnswerJournal> OpenAsync(string runFolder, CancellationToken cancellationToken)
        => OpenAsync(runFolder, 64 << 20, _ => { }, cancellationToken);

    internal static async Task<AnswerJournal> OpenAsync(string runFolder, long segmentBytes, Action<string> onStep, CancellationToken cancellationToken)
    {
        var folder = new JournalFolder(Path.GetFullPath(runFolder), onStep);
        return await Guarded(runFolder, async () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.SegmentPath(1))!);
            foreach (var left in folder.Segments().ToList())
            {
                await folder.CompactAsync(left, cancellationToken);
            }

            var shards = folder.Shards();
            var ids = new HashSet<string>();
            var examples = await KnowAsync(shards.Examples, ids, cancellationToken);
            var failures = await KnowAsync(shards.Failures, ids, cancellationToken);
            return new AnswerJournal(folder, segmentBytes, ids) { examples = examples, failures = failures };
        });
    }

    /// <summary>Whether this row was answered, by an example or a failure.</summary>
    public bool Contains(string id)
    {
        lock (ids)
        {
            return ids.Contains(id);
        }
    }

    /// <summary>Every row that was answered so far.</summary>
    public IReadOnlyCollection<string> Ids()
    {
        lock (ids)
        {
            return [.. ids];
        }
    }

    /// <summary>Ends when the answer is safe on the disk. False: this id is already there, and nothing was written.</summary>
    /// <exception cref="ForgeException">The disk is full, or the folder cannot be written.</exception>
    public async Task<bool> AppendAsync(Answer answer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (ids)
        {
            if (!ids.Add(answer.Id))
            {
                return false;
            }
        }

        // Once handed over it is written: acknowledged or not, cancelling would not take it back.
        var entry = new Pending(AnswerRecord.Write(answer), answer.Failure is not null);
        await pending.Writer.WriteAsync(entry, CancellationToken.None);
        await entry.Safe.Task;
        return true;
    }

    /// <summary>Brings everything acknowledged into Parquet shards; more may be appended afterwards.</summary>
    public async Task<JournalShards> CompactAsync(CancellationToken cancellationToken)
    {
        var seal = new Pending([], IsFailure: false);
        await pending.Writer.WriteAsync(seal, cancellationToken);
        await seal.Safe.Task;
        await compacting.WaitAsync(cancellationToken);
        return folder.Shards();
    }

    /// <summary>What was acknowledged stays in its segment, if it was not compacted.</summary>
    public async ValueTask DisposeAsync()
    {
        pending.Writer.TryComplete();
        await writing;
        await Task.WhenAny(compacting);
        if (segment is not null)
        {
            await segment.DisposeAsync();
        }
    }

    static async Task<long> KnowAsync(IReadOnlyList<string> files, HashSet<string> ids, CancellationToken cancellationToken)
    {
        var count = 0L;
        await foreach (var id in IdsFile.ReadAsync(files, cancellationToken))
        {
            count++;
            if (!ids.Add(id))
            {
                throw new ForgeException(new Problem(Path.GetDirectoryName(files[0])!, $"row {id} is there twice.", "Two runs must not share a folder; remove the copied shard."));
            }
        }

        return count;
    }

    async Task WriteAsync()
    {
        var group = new List<Pending>();
        while (await pending.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < GroupRows && pending.Reader.TryRead(out var entry))
            {
                group.Add(entry);
            }

            try
            {
                broken ??= compacting.Exception?.InnerException;
                await (broken is null ? Guarded(folder.SegmentPath(number), () => CommitAsync(group)) : Task.FromException(broken));
                group.ForEach(entry => entry.Safe.SetResult());
            }
            catch (Exception exception)
            {
                // Whatever it was, those who wait are told, and nothing more is promised.
                broken = exception;
                group.ForEach(entry => entry.Safe.SetException(exception));
            }
        }
    }

    // Write, fsync, and only then count and acknowledge.
    async Task<int> CommitAsync(List<Pending> group)
    {
        using var bytes = new MemoryStream();
        foreach (var entry in group.Where(entry => !entry.IsSeal))
        {
            Segment.Frame(bytes, entry.Record, segment?.Length ?? 0);
        }

        if (bytes.Length > 0)
        {
            segment ??= Create(folder.SegmentPath(number));
            segment.Write(bytes.GetBuffer(), 0, (int)bytes.Length);
            segment.Flush(flushToDisk: true);
            Interlocked.Add(ref failures, group.Count(entry => entry is { IsSeal: false, IsFailure: true }));
            Interlocked.Add(ref examples, group.Count(entry => entry is { IsSeal: false, IsFailure: false }));
        }

        if (segment is not null && (segment.Length >= segmentBytes || group.Exists(entry => entry.IsSeal)))
        {
            await segment.DisposeAsync();
            segment = null;
            compacting = CompactAfterAsync(compacting, number++);
        }

        return group.Count;
    }

    async Task CompactAfterAsync(Task previous, int sealedNumber)
    {
        await previous;
        await Task.Run(() => Guarded(folder.SegmentPath(sealedNumber), async () =>
        {
            await folder.CompactAsync(sealedNumber, CancellationToken.None);
            return 0;
        }));
    }

    static FileStream Create(string path)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
        return stream;
    }

    static async Task<T> Guarded<T>(string where, Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw DurableFile.IsFull(exception) ? DurableFile.Unwritable(where, exception) : new ForgeException(new Problem(where, $"cannot be written: {exception.Message}", "Check the folder's permissions and the free space; what was answered so far is safe."), inner: exception);
        }
    }

    /// <summary>An answer on its way to the disk; without bytes: the wish to seal the segment.</summary>
    sealed record Pending(byte[] Record, bool IsFailure)
    {
        public TaskCompletionSource Safe { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsSeal => Record.Length == 0;
    }
}
