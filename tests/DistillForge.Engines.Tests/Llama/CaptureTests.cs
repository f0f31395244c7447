using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

public sealed class CaptureTests : IAsyncLifetime
{
    const int Top = 16;
    static readonly Want.Head Head = new(Top, TailSamples: 8, Temperatures: [2, 4]);
    readonly Scratch scratch = new();
    LlamaModel model = null!;
    TokenSequence sequence = null!;
    TokenTrace full = null!;

    public async Task InitializeAsync()
    {
        model = await Models.OpenTinyAsync(scratch);
        int[] ids = [.. model.Encode("turn on the kitchen light, please; it is dark in here", parseSpecial: false)];
        sequence = new TokenSequence(model.Vocabulary, ids, 3);
        full = await model.ScoreAsync(sequence, new Want.Full(), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await model.DisposeAsync();
        scratch.Dispose();
    }

    int Size => model.VocabularySize;

    ReadOnlySpan<float> Row(int position) => full.HeadLogprobs.AsSpan(position * Size, Size);

    [Fact]
    public void A_full_row_is_a_distribution_over_the_real_vocabulary()
    {
        Assert.Null(full.Check());
        Assert.Equal(sequence.TokenIds.Count - 3, full.CompletionLength);
        for (var position = 0; position < full.CompletionLength; position++)
        {
            Assert.Equal(1, Row(position).ToArray().Sum(l => Math.Exp(l)), 1e-6);
        }
    }

    [Fact]
    public void Realised_tokens_ranks_and_entropies_equal_brute_force()
    {
        for (var position = 0; position < full.CompletionLength; position++)
        {
            var row = Row(position).ToArray();
            var token = sequence.TokenIds[3 + position];
            Assert.Equal(row[token], full.TokenLogprobs[position], 1e-6);
            Assert.Equal(row.Count(l => l > row[token]), full.TokenRanks[position]);
            Assert.Equal(-row.Sum(l => Math.Exp(l) * l), full.Entropies[position], 1e-5);
        }
    }

    [Fact]
    public async Task The_head_is_the_brute_force_top_k_in_ascending_order_of_id()
    {
        var trace = await model.ScoreAsync(sequence, Head, CancellationToken.None);

        Assert.Null(trace.Check());
        for (var position = 0; position < trace.CompletionLength; position++)
        {
            var row = Row(position).ToArray();
            int[] expected = [.. Enumerable.Range(0, Size).OrderByDescending(id => row[id]).ThenBy(id => id).Take(Top).Order()];
            Assert.Equal(expected, trace.HeadIds.Skip(position * Top).Take(Top));
            Assert.Equal(expected.Select(id => row[id]), trace.HeadLogprobs.Skip(position * Top).Take(Top), (a, b) => Math.Abs(a - b) < 1e-6);
        }
    }

    [Fact]
    public async Task Head_and_tail_add_up_at_every_temperature()
    {
        var trace = await model.ScoreAsync(sequence, Head, CancellationToken.None);

        Assert.Equal([1f, 2f, 4f], trace.TailLogSums.Select(tail => tail.Temperature));
        foreach (var tail in trace.TailLogSums)
        {
            for (var position = 0; position < trace.CompletionLength; position++)
            {
                var all = Row(position).ToArray().Sum(l => Math.Exp(l / tail.Temperature));
                var head = trace.HeadLogprobs.Skip(position * Top).Take(Top).Sum(l => Math.Exp(l / tail.Temperature));
                Assert.Equal(1, (head + Math.Exp(tail.Values[position])) / all, 1e-5);
            }
        }
    }

    [Fact]
    public async Task A_mass_takes_as_many_ids_as_reach_it_and_no_more()
    {
        var trace = await model.ScoreAsync(sequence, new Want.Head(64, Mass: 0.9f, TailSamples: 0), CancellationToken.None);

        var start = 0;
        for (var position = 0; position < trace.CompletionLength; position++)
        {
            var head = trace.HeadLogprobs.Skip(start).Take(trace.HeadSizes[position]).Select(l => Math.Exp(l)).ToArray();
            start += head.Length;
            Assert.True(head.Sum() >= 0.9 - 1e-6 || head.Length == 64);
            Assert.True(head.Sum() - head.Min() < 0.9);
        }

        Assert.True(trace.HeadSizes.Distinct().Count() > 1, "positions differ in how many ids they need");
    }

    [Fact]
    public async Task Given_ids_come_back_sorted_with_the_rest_as_their_tail()
    {
        var trace = await model.ScoreAsync(sequence, new Want.At([7, 3, 299, 3]), CancellationToken.None);

        Assert.All(trace.HeadSizes, size => Assert.Equal(3, size));
        Assert.Equal([3, 7, 299], trace.HeadIds[..3]);
        for (var position = 0; position < trace.CompletionLength; position++)
        {
            double[] given = [.. trace.HeadLogprobs.Skip(position * 3).Take(3).Select(l => Math.Exp(l))];
            Assert.Equal(Math.Exp(Row(position)[7]), given[1], 1e-6);
            Assert.Equal(1 - given.Sum(), Math.Exp(trace.TailLogSums[0].Values[position]), 1e-5);
        }
    }

    [Theory]
    [InlineData(0, 1f)]
    [InlineData(1, 2f)]
    public async Task Tail_samples_come_from_the_tail_with_the_tails_own_frequencies(int place, float temperature)
    {
        const int Draws = 20_000;
        var trace = await model.ScoreAsync(sequence, new Want.Head(4, TailSamples: Draws, Temperatures: [2]), CancellationToken.None);

        var row = Row(0).ToArray();
        var head = trace.HeadIds[..4].ToHashSet();
        var total = Enumerable.Range(0, Size).Where(id => !head.Contains(id)).Sum(id => Math.Exp(row[id] / temperature));
        var counts = trace.TailSamples[place].Ids.Take(Draws).CountBy(id => id).ToDictionary();
        Assert.DoesNotContain(counts.Keys, head.Contains);
        foreach (var id in Enumerable.Range(0, Size).Where(id => !head.Contains(id)))
        {
            var expected = Draws * Math.Exp(row[id] / temperature) / total;
            Assert.InRange(counts.GetValueOrDefault(id), expected - (5 * Math.Sqrt(expected)) - 3, expected + (5 * Math.Sqrt(expected)) + 3);
        }
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(100, 0)]
    public async Task Systematic_draws_take_an_id_as_often_as_its_probability_says_rounded_up_or_down(int everything, int tail)
    {
        var trace = await model.ScoreAsync(sequence, new Want.Head(4, TailSamples: tail, RandomDraws: everything, Drawing: Drawing.Systematic), CancellationToken.None);

        var row = Row(0).ToArray();
        var head = everything > 0 ? [] : trace.HeadIds[..4].ToHashSet();
        var total = Enumerable.Range(0, Size).Where(id => !head.Contains(id)).Sum(id => Math.Exp(row[id]));
        Dictionary<int, int> counts = everything > 0
            ? Enumerable.Range(0, trace.HeadSizes[0]).ToDictionary(i => trace.HeadIds[i], i => trace.HeadDraws!.Counts[i])
            : trace.TailSamples[0].Ids.Take(tail).CountBy(id => id).ToDictionary();
        Assert.Equal(everything + tail, counts.Values.Sum());
        Assert.All(Enumerable.Range(0, Size).Where(id => !head.Contains(id)), id => Assert.InRange(counts.GetValueOrDefault(id) - ((everything + tail) * Math.Exp(row[id]) / total), -1.001, 1.001));
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(2f)]
    public async Task Random_draws_follow_the_tempered_distribution_with_the_tail_that_they_left(float temperature)
    {
        const int Draws = 20_000;
        var trace = await model.ScoreAsync(sequence, new Want.Head(RandomDraws: Draws, DrawTemperature: temperature), CancellationToken.None);

        Assert.Null(trace.Check());
        Assert.Empty(trace.TailSamples);
        var (row, size) = (Row(0).ToArray(), trace.HeadSizes[0]);
        var total = row.Sum(l => Math.Exp(l / temperature));
        var counts = trace.HeadIds[..size].Zip(trace.HeadDraws!.Counts).ToDictionary();
        Assert.Equal(Draws, counts.Values.Sum());
        Assert.Equal(trace.HeadIds[..size].Order(), trace.HeadIds[..size]);
        for (var id = 0; id < Size; id++)
        {
            var expected = Draws * Math.Exp(row[id] / temperature) / total;
            Assert.InRange(counts.GetValueOrDefault(id), expected - (5 * Math.Sqrt(expected)) - 3, expected + (5 * Math.Sqrt(expected)) + 3);
        }

        var missed = Enumerable.Range(0, Size).Where(id => !counts.ContainsKey(id)).Sum(id => Math.Exp(row[id] / temperature));
        Assert.Equal(missed, Math.Exp(trace.TailLogSums.Single(tail => tail.Temperature == temperature).Values[0]), 1e-5);
    }

    [Fact]
    public async Task Random_draws_are_the_same_when_asked_again_and_others_at_the_next_position()
    {
        var want = new Want.Head(RandomDraws: 12);

        var (first, again) = (await model.ScoreAsync(sequence, want, CancellationToken.None), await model.ScoreAsync(sequence, want, CancellationToken.None));

        Assert.Equal(first.HeadIds, again.HeadIds);
        Assert.Equal(first.HeadDraws!.Counts, again.HeadDraws!.Counts);
        Assert.All(Positions(first), position => Assert.Equal(12, position.Sum()));
        Assert.NotEqual(first.HeadIds[..first.HeadSizes[0]], first.HeadIds.Skip(first.HeadSizes[0]).Take(first.HeadSizes[1]));

        static IEnumerable<IEnumerable<int>> Positions(TokenTrace trace)
        {
            var start = 0;
            foreach (var size in trace.HeadSizes)
            {
                yield return trace.HeadDraws!.Counts.Skip(start).Take(size);
                start += size;
            }
        }
    }

    [Fact]
    public async Task Tail_samples_of_a_position_are_in_order()
    {
        var trace = await model.ScoreAsync(sequence, new Want.Head(2, TailSamples: 9), CancellationToken.None);

        Assert.All(trace.TailSamples[0].Ids.Chunk(9), ids => Assert.Equal(ids.Order(), ids));
        Assert.Contains(trace.TailSamples[0].Ids.Chunk(9), ids => ids.Distinct().Count() > 3);
    }

    [Fact]
    public async Task A_head_of_the_whole_vocabulary_leaves_an_empty_tail()
    {
        var trace = await model.ScoreAsync(sequence, new Want.Head(100_000, TailSamples: 2, Temperatures: [2]), CancellationToken.None);

        Assert.All(trace.HeadSizes, size => Assert.Equal(Size, size));
        Assert.All(trace.TailLogSums, tail => Assert.All(tail.Values, value => Assert.Equal(float.NegativeInfinity, value)));
        Assert.All(trace.TailSamples, tail => Assert.All(tail.Ids, id => Assert.Equal(-1, id)));
    }

    [Fact]
    public async Task No_head_at_all_is_a_tail_of_everything()
    {
        var trace = await model.ScoreAsync(sequence, new Want.Head(0, TailSamples: 1), CancellationToken.None);

        Assert.All(trace.TailLogSums[0].Values, value => Assert.Equal(0, value, 1e-6));
        Assert.All(trace.TailSamples[0].Ids, id => Assert.InRange(id, 0, Size - 1));
    }
}
