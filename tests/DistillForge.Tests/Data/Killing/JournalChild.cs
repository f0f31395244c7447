using System.Globalization;
using DistillForge.Data;

namespace DistillForge.Tests.Data.Killing;

/// <summary>The process that is killed: answers of a replaying teacher go into a journal, and each id that was acknowledged into a list.</summary>
static class JournalChild
{
    public const int Done = 0;
    public const int DiskFull = 2;
    public const int LostARow = 9;

    // Small, so that segments are compacted while answers come in.
    const int SegmentBytes = 60_000;

    /// <param name="arguments">Run folder, list of acknowledged ids, rows, seed of this session.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (folder, list, rows, seed) = (arguments[0], arguments[1], int.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture));
        try
        {
            await using var journal = await AnswerJournal.OpenAsync(folder, SegmentBytes, _ => { }, default);
            var acknowledged = File.Exists(list) ? File.ReadAllLines(list).Where(line => line.Length == 64).ToList() : [];
            if (acknowledged.FirstOrDefault(id => !journal.Contains(id)) is { } lost)
            {
                Console.Error.WriteLine($"row {lost} was acknowledged and is gone");
                return LostARow;
            }

            await Console.Out.WriteLineAsync("open");
            await AppendAsync(journal, list, rows, seed);
            await journal.CompactAsync(default);
            return Done;
        }
        catch (ForgeException error)
        {
            Console.Error.WriteLine(error.Message);
            return DiskFull;
        }
    }

    // Many in flight at once, in an order of this session's own.
    static async Task AppendAsync(AnswerJournal journal, string list, int rows, int seed)
    {
        using var acknowledged = new FileStream(list, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var order = Enumerable.Range(0, rows).ToArray();
        new Random(seed).Shuffle(order);
        var writing = new Lock();
        await Parallel.ForEachAsync(order, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (row, token) =>
        {
            // As after a resume: what is there is not asked again.
            if (!journal.Contains(Some.Id(row)) && await journal.AppendAsync(AnswerOf(row, seconds: seed), token))
            {
                lock (writing)
                {
                    acknowledged.Write(System.Text.Encoding.ASCII.GetBytes(Some.Id(row) + "\n"));
                }
            }
        });
    }

    /// <summary>What the replaying teacher says: the same whenever it is asked, the time it takes aside.</summary>
    public static Answer AnswerOf(int row, double seconds) => row % 10 == 3
        ? Answer.Of(new Failure(Some.Id(row), "prompt-too-long", $"{row}"))
        : Answer.Of(Some.Example(row) with { Seconds = seconds, Reasoning = row % 7 == 0 ? $"thought {row}" : null, Trace = row % 4 == 1 ? null : Some.Trace(row, completion: 20 + (row % 50)) });
}
