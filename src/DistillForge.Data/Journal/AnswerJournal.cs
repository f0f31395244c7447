#pragma warning disable MA0025
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>
/// Every answer that a teacher gave, durable once acknowledged: append-only segments, compacted to Parquet shards
/// <c>examples/N.parquet</c> and <c>traces/N.parquet</c>, and <c>failures.parquet</c>.
/// </summary>
public sealed class AnswerJournal : IAsyncDisposable
{
    /// <summary>Opens a run folder's journal; cuts a torn tail and finishes an interrupted compaction.</summary>
    public static Task<AnswerJournal> OpenAsync(string runFolder, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Whether this row was answered, by an example or a failure.</summary>
    public bool Contains(string id) => throw new NotImplementedException();

    public long Examples => throw new NotImplementedException();

    public long Failures => throw new NotImplementedException();

    /// <summary>Ends when the answer is safe on the disk. False: this id is already there and nothing was written.</summary>
    public Task<bool> AppendAsync(Answer answer, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Brings everything acknowledged into Parquet shards; more may be appended afterwards.</summary>
    public Task<JournalShards> CompactAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>The Parquet files of a journal. <paramref name="Failures"/> holds one path, or none.</summary>
public sealed record JournalShards(IReadOnlyList<string> Examples, IReadOnlyList<string> Traces, IReadOnlyList<string> Failures);
