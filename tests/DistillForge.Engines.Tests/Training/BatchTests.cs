using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

public sealed class BatchTests
{
    [Fact]
    public void Each_trained_position_predicts_the_next_token_and_knows_its_own_teacher()
    {
        var random = new Random(3);
        var first = Some.Scored(random, length: 6, promptLength: 2, vocabulary: 11, head: 3, samples: 2);
        var second = Some.Scored(random, length: 4, promptLength: 3, vocabulary: 11, head: 3, samples: 2) with { LossMask = [true] };
        var masked = first with { LossMask = [true, false, true, true] };

        var batch = Batch.Of([new Row(masked, 100), new Row(second, 100)], TraceContents.Of([masked, second]));

        Assert.Equal([1, 3, 4, 5 + 2], batch.Positions);
        Assert.Equal([first.TokenIds[2], first.TokenIds[4], first.TokenIds[5], second.TokenIds[3]], batch.TokenIds.Select(id => (int)id));
        Assert.Equal([.. first.TokenIds[..5], .. second.TokenIds[..3], 0, 0], batch.Tokens.Select(id => (int)id));
        Assert.Equal(first.HeadIds[6..9], batch.HeadIds[3..6].Select(id => (int)id));
        Assert.Equal(first.TailSamples[0].Ids[6..8], batch.Tails[0].SampleIds[4..6].Select(id => (int)id));
        Assert.Equal(-second.Entropies[0], batch.NegativeEntropy[3]);
    }

    [Fact]
    public void Smaller_heads_are_padded_with_probability_zero()
    {
        var random = new Random(4);
        var small = Some.Scored(random, 4, 3, 11, head: 2, samples: 0);
        var large = Some.Scored(random, 4, 3, 11, head: 4, samples: 0);

        var batch = Batch.Of([new Row(small, 9), new Row(large, 9)], TraceContents.Of([small, large]));

        Assert.Equal([float.NegativeInfinity, float.NegativeInfinity], batch.HeadLogprobs[2..4]);
        Assert.Equal(large.HeadLogprobs, batch.HeadLogprobs[4..8]);
    }

    [Fact]
    public void The_last_input_position_predicts_the_end_of_sequence_token()
    {
        var batch = Batch.Of([new Row(Some.Tokens("a", [5, 6, 7, 99], 2), 9)], new TraceContents(false, [], new Dictionary<float, int>()));

        Assert.Equal(99, batch.TokenIds[^1]);
        Assert.Equal(batch.Length - 1, batch.Positions[^1]);
    }

    [Fact]
    public void A_first_token_without_anything_before_it_is_not_trained()
        => Assert.Equal([1, 2], new Row(Some.Tokens("a", [5, 6, 7], 0), 9).Trained);

    [Fact]
    public void What_lies_beyond_the_context_is_cut_off()
    {
        var row = new Row(Some.Tokens("a", [1, 2, 3, 4, 5, 6], 2), context: 3);

        Assert.Equal([0, 1], row.Trained);
        Assert.True(row.IsCut);
        Assert.Equal(3, row.Length);
    }

    [Fact]
    public void An_epoch_holds_every_row_once_in_batches_that_keep_their_size_and_pad_little()
    {
        var rows = Enumerable.Range(0, 3000).Select(i => new Row(Some.Tokens($"{i}", [.. Enumerable.Range(0, 11 + i * 7919 % 60)], 2), 512)).ToArray();

        var batches = new BatchOrder(rows, 1024, seed: 7).Epoch(0);

        Assert.Equal(Enumerable.Range(0, 3000), batches.SelectMany(b => b).Order());
        Assert.All(batches, b => Assert.InRange(b.Length * b.Max(i => rows[i].Length), 1, 1024));
        var padded = batches.Sum(b => b.Length * b.Max(i => rows[i].Length));
        Assert.InRange(padded / (double)rows.Sum(r => r.Length), 1, 1.08);
    }

    [Fact]
    public void The_order_depends_on_seed_and_epoch_alone()
    {
        var rows = Enumerable.Range(0, 200).Select(i => new Row(Some.Tokens($"{i}", [.. Enumerable.Range(0, 11 + i % 9)], 2), 512)).ToArray();
        string Order(long seed, int epoch) => string.Join(' ', new BatchOrder(rows, 256, seed).Epoch(epoch).Select(b => string.Join(',', b)));

        Assert.Equal(Order(7, 3), Order(7, 3));
        Assert.Equal(3, new[] { Order(7, 3), Order(7, 4), Order(8, 3) }.Distinct().Count());
    }

    [Fact]
    public void A_row_keeps_its_side_of_the_validation_split_when_others_come()
    {
        TokenTrace[] traces = [.. Enumerable.Range(0, 500).Select(i => Some.Tokens($"row {i}", [1, 2, 3], 1))];

        var few = new Corpus(traces[..250], 512, 0.1);
        var all = new Corpus(traces, 512, 0.1);

        Assert.InRange(all.Validation.Count, 25, 75);
        Assert.Equal(few.Validation.Select(r => r.Trace.Id), all.Validation.Select(r => r.Trace.Id).Take(few.Validation.Count));
    }
}
