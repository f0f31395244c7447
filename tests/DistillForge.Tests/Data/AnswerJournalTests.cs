using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class AnswerJournalTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Answers_are_in_the_shards_with_their_traces_and_known_to_the_next_run()
    {
        await using (var journal = await AnswerJournal.OpenAsync(folder.Folder, default))
        {
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i => journal.AppendAsync(AnswerOf(i), default)));
            Assert.Equal((451, 49), (journal.Examples, journal.Failures));
            await journal.CompactAsync(default);
            Assert.True(await journal.AppendAsync(AnswerOf(500), default));
        }

        await using var next = await AnswerJournal.OpenAsync(folder.Folder, default);

        Assert.Equal((451, 50), (next.Examples, next.Failures));
        Assert.All(Enumerable.Range(0, 501), i => Assert.True(next.Contains(Some.Id(i))));
        Assert.False(next.Contains(Some.Id(501)));
        await CheckShardsAsync(await next.CompactAsync(default), 501);
    }

    [Fact]
    public async Task An_id_is_taken_once()
    {
        await using var journal = await AnswerJournal.OpenAsync(folder.Folder, default);

        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => journal.AppendAsync(AnswerOf(7), default)));

        Assert.Single(taken, true);
        await CheckShardsAsync(await journal.CompactAsync(default), 1, from: 7);
    }

    [Fact]
    public async Task Full_segments_become_shards_while_answers_come_in()
    {
        await using var journal = await AnswerJournal.OpenAsync(folder.Folder, segmentBytes: 20_000, _ => { }, default);
        for (var i = 0; i < 100; i++)
        {
            await journal.AppendAsync(AnswerOf(i), default);
        }

        var shards = await journal.CompactAsync(default);

        Assert.InRange(shards.Examples.Count, 3, 20);
        Assert.Empty(Directory.EnumerateFiles(folder["journal"]));
        await CheckShardsAsync(shards, 100);
    }

    // A copy of the folder is what a killed process would leave: nothing in it was closed.
    [Fact]
    public async Task What_was_acknowledged_survives_a_kill_at_any_time()
    {
        await using var journal = await AnswerJournal.OpenAsync(folder["run"], segmentBytes: 8_000, _ => { }, default);
        for (var i = 0; i < 40; i++)
        {
            await journal.AppendAsync(AnswerOf(i), default);
            if (i % 8 == 7)
            {
                CopyFolder(folder["run"], folder[$"copy{i}"]);
                await using var resumed = await AnswerJournal.OpenAsync(folder[$"copy{i}"], default);
                await CheckShardsAsync(await resumed.CompactAsync(default), i + 1);
            }
        }
    }

    [Fact]
    public async Task A_tail_torn_at_any_byte_loses_only_the_record_that_it_tears()
    {
        long first;
        await using (var journal = await AnswerJournal.OpenAsync(folder["run"], default))
        {
            await journal.AppendAsync(AnswerOf(0), default);
            first = new FileInfo(Segment1("run")).Length;
            await journal.AppendAsync(AnswerOf(1), default);
        }

        var whole = await File.ReadAllBytesAsync(Segment1("run"));
        foreach (var length in Enumerable.Range(0, whole.Length + 1).Where(length => length % 97 == 0 || Math.Abs(length - first) < 2 || length >= whole.Length - 1))
        {
            folder.Put($"torn{length}/journal/000001.log", "");
            await File.WriteAllBytesAsync(Segment1($"torn{length}"), whole[..length]);
            await using var journal = await AnswerJournal.OpenAsync(folder[$"torn{length}"], default);
            Assert.Equal(length < first ? 0 : length < whole.Length ? 1 : 2, journal.Examples);
        }
    }

    [Fact]
    public async Task Damage_before_acknowledged_records_is_told_and_nothing_is_cut()
    {
        await using (var journal = await AnswerJournal.OpenAsync(folder.Folder, default))
        {
            await journal.AppendAsync(AnswerOf(0), default);
            await journal.AppendAsync(AnswerOf(1), default);
            await journal.AppendAsync(AnswerOf(2), default);
        }

        var path = folder["journal/000001.log"];
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[40] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        var error = await Assert.ThrowsAsync<ForgeException>(() => AnswerJournal.OpenAsync(folder.Folder, default));

        Assert.StartsWith($"{path}: is damaged at byte 0, before records that were safe on the disk.", error.Message);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
    }

    [Theory]
    [InlineData("examples", 1)]
    [InlineData("traces", 1)]
    [InlineData("failures", 1)]
    [InlineData("delete", 1)]
    [InlineData("examples", 2)]
    [InlineData("traces", 2)]
    [InlineData("failures", 2)]
    [InlineData("delete", 2)]
    public async Task A_compaction_broken_off_before_any_step_loses_and_doubles_nothing(string step, int time)
    {
        var seen = 0;
        await using (var journal = await AnswerJournal.OpenAsync(folder.Folder, 64 << 20, reached => _ = reached == step && ++seen == time ? throw new IOException("power cut") : 0, default))
        {
            await Assert.ThrowsAsync<ForgeException>(async () =>
            {
                for (var i = 0; i < 60; i++)
                {
                    await journal.AppendAsync(AnswerOf(i), default);
                    if (i is 29 or 59)
                    {
                        await journal.CompactAsync(default);
                    }
                }
            });
        }

        await using var next = await AnswerJournal.OpenAsync(folder.Folder, default);
        for (var i = 0; i < 60; i++)
        {
            await next.AppendAsync(AnswerOf(i), default);
        }

        Assert.Equal(time, seen);
        await CheckShardsAsync(await next.CompactAsync(default), 60);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_later_answers_are_refused_too()
    {
        await using var journal = await AnswerJournal.OpenAsync(folder.Folder, default);
        File.CreateSymbolicLink(folder["journal/000001.log"], "/dev/full");

        var first = await Assert.ThrowsAsync<ForgeException>(() => journal.AppendAsync(AnswerOf(0), default));
        var second = await Assert.ThrowsAsync<ForgeException>(() => journal.AppendAsync(AnswerOf(1), default));

        Assert.Contains("cannot be written: the disk is full.", first.Message);
        Assert.Same(first, second);
        Assert.Equal(0, journal.Examples);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_told()
    {
        folder.Put("file", "");

        var error = await Assert.ThrowsAsync<ForgeException>(() => AnswerJournal.OpenAsync(folder["file/run"], default));

        Assert.StartsWith($"{folder["file/run"]}: cannot be written: ", error.Message);
    }

    string Segment1(string run) => folder[$"{run}/journal/000001.log"];

    // Every tenth is a failure; every third example has no trace.
    static Answer AnswerOf(int i) => i % 10 == 0 && i > 0
        ? Answer.Of(new Failure(Some.Id(i), "prompt-too-long", $"{i}"))
        : Answer.Of(Some.Example(i) with { Trace = i % 3 == 0 ? null : i % 5 == 1 ? Some.DrawnTrace(i) : Some.Trace(i) });

    static async Task CheckShardsAsync(JournalShards shards, int count, int from = 0)
    {
        var examples = await Some.ListAsync(new ParquetDataset(shards.Examples, shards.Traces).ReadAsync(default));
        var failures = await Some.ListAsync(FailuresFile.ReadAsync(shards.Failures, default));
        var expected = Enumerable.Range(from, count).Select(AnswerOf).OrderBy(answer => answer.Id, StringComparer.Ordinal).ToList();

        Assert.Equal(Some.Text(expected.Where(answer => answer.Example is not null).Select(answer => answer.Example)), Some.Text(examples));
        Assert.Equal(expected.Where(answer => answer.Failure is not null).Select(answer => answer.Failure), failures);
    }

    static void CopyFolder(string from, string to)
    {
        // Segments first: one that is gone by then has its shards complete.
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).OrderBy(file => !file.EndsWith(".log", StringComparison.Ordinal)))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            try
            {
                File.Copy(file, target);
            }
            catch (FileNotFoundException)
            {
                // Compacted away meanwhile.
            }
        }
    }
}
