using System.Runtime.Intrinsics;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Engines.Tests.Llama;

public unsafe class NumericsTests
{
    [Fact]
    public void The_exponential_is_within_two_ulp_and_zero_below_its_range()
    {
        var worst = 0.0;
        for (var x = -87f; x <= 0; x += 0.0137f)
        {
            var exact = Math.Exp(x);
            worst = Math.Max(worst, Math.Abs(VectorExp.OfNonPositive(Vector256.Create(x))[3] - exact) / exact);
        }

        Assert.InRange(worst, 0, 2.4e-7);
        Assert.Equal(1, VectorExp.OfNonPositive(Vector256<float>.Zero)[0]);
        Assert.Equal(0, VectorExp.OfNonPositive(Vector256.Create(-100f))[0]);
        Assert.Equal(0, VectorExp.OfNonPositive(Vector256.Create(float.NegativeInfinity))[0]);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(1027)]
    public void Ties_go_to_the_lower_id_and_minus_infinity_is_never_chosen(int size)
    {
        var logits = Enumerable.Range(0, size).Select(id => id % 5 == 1 ? float.NegativeInfinity : id % 3).Select(x => (float)x).ToArray();
        var top = new TopTokens();
        fixed (float* pointer = logits)
        {
            var row = new Row(size);
            row.Read(pointer);
            top.Select(row, size);
        }

        var expected = Enumerable.Range(0, size).Where(id => !float.IsNegativeInfinity(logits[id])).OrderByDescending(id => logits[id]).ThenBy(id => id);
        Assert.Equal(expected, Enumerable.Range(0, top.Count).Select(top.Id));
    }

    [Fact]
    public void A_tail_far_below_the_head_keeps_its_digits()
    {
        // Ten tokens at −200 under one at 0: log S₁ = log 10 − 200, which a difference to 1 could never say.
        float[] logits = [0, .. Enumerable.Repeat(-200f, 10)];
        var plan = TracePlan.Of(new Want.Head(1, TailSamples: 3));
        var record = new FrameWriter();
        fixed (float* pointer = logits)
        {
            var row = new Row(logits.Length);
            row.Read(pointer);
            row.Normalise();
            new TraceWriter(logits.Length).Write(row, plan, token: 0, position: 0, seed: 1, record);
        }

        var reader = new FrameReader(record.Written);
        (reader.ReadInt(), reader.ReadFloat(), reader.ReadInt(), reader.ReadFloat(), reader.ReadInt(), reader.ReadInt(), reader.ReadFloat()).Equals(default);
        Assert.Equal(Math.Log(10) - 200, reader.ReadFloat(), 1e-4);
        Assert.All(new[] { reader.ReadInt(), reader.ReadInt(), reader.ReadInt() }, id => Assert.InRange(id, 1, 10));
    }

    [Theory]
    [InlineData(11, float.NaN)]
    [InlineData(11, float.PositiveInfinity)]
    [InlineData(3_000, float.NaN)]
    [InlineData(3_000, float.PositiveInfinity)]
    public void A_row_with_a_number_that_is_none_is_not_finite(int size, float wrong)
    {
        foreach (var place in new[] { 0, 9, size - 1 })
        {
            float[] logits = [.. Enumerable.Range(1, size)];
            logits[place] = wrong;
            fixed (float* pointer = logits)
            {
                var row = new Row(size);
                foreach (var inOnePass in new[] { false, true })
                {
                    row.Read(pointer, inOnePass);
                    Assert.False(row.IsFinite);
                }
            }
        }
    }

    [Fact]
    public void A_row_that_climbs_has_the_same_sums_in_one_pass_as_in_two()
    {
        // Every block has a new highest logit, so that every sum is scaled down afterwards.
        float[] logits = [.. Enumerable.Range(0, 20_000).Select(id => (id / 100f) + (id % 7))];
        fixed (float* pointer = logits)
        {
            var (one, two) = (new Row(logits.Length), new Row(logits.Length));
            one.Read(pointer, normalise: true);
            one.Normalise(); // where the processor needs two passes
            two.Read(pointer);
            two.Normalise();

            Assert.Equal(two.LogSumExp, one.LogSumExp, 1e-6);
            Assert.Equal(two.Entropy, one.Entropy, 1e-5);
            Assert.Equal(two.BlockMaxima, one.BlockMaxima);
            Assert.Equal(two.Weights.Draw(0.37), one.Weights.Draw(0.37));
        }
    }

    [Fact]
    public void Draws_follow_the_weights_to_the_last_token()
    {
        float[] logits = [.. Enumerable.Range(0, 130).Select(id => id is 3 or 129 ? 0f : -1000f)];
        fixed (float* _ = logits)
        {
            var weights = new BlockWeights(130);
            weights.Fill(logits, 0, 1);

            Assert.Equal(3, weights.Draw(0));
            Assert.Equal(3, weights.Draw(0.4999));
            Assert.Equal(129, weights.Draw(0.5001));
            Assert.Equal(129, weights.Draw(1 - 1e-17));
            weights.Remove([3, 129]);
            Assert.Equal(-1, weights.Draw(0.5));
        }
    }

    [Fact]
    public void Sixteen_exponentials_at_once_are_the_same_bits_as_eight()
    {
        for (var x = -100f; x <= 0; x += 0.0311f)
        {
            Assert.Equal(VectorExp.OfNonPositive(Vector256.Create(x))[0], VectorExp.OfNonPositive(Vector512.Create(x))[9]);
        }
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(64, false)]
    [InlineData(130, false)]
    [InlineData(5_001, false)]
    [InlineData(7, true)]
    [InlineData(1_024, true)]
    [InlineData(5_001, true)]
    public void A_row_says_what_brute_force_says(int size, bool inOnePass)
    {
        var random = new Random(size);
        // Few distinct values, so that there are ties; some tokens can never come.
        var logits = Enumerable.Range(0, size).Select(_ => random.Next(20) == 0 ? float.NegativeInfinity : MathF.Round(random.NextSingle() * 40) / 4).ToArray();
        logits[size / 2] = 10.5f;
        fixed (float* pointer = logits)
        {
            var row = new Row(size);
            row.Read(pointer, inOnePass);
            row.Normalise();
            var sum = logits.Sum(x => Math.Exp(x));
            Assert.Equal(Math.Log(sum), row.LogSumExp, 1e-6);
            Assert.Equal(-logits.Where(float.IsFinite).Sum(x => Math.Exp(x) / sum * (x - Math.Log(sum))), row.Entropy, 1e-5);
            Assert.Equal(size / 2, row.Greedy);
            for (var id = 0; id < size; id += 1 + (size / 100))
            {
                Assert.Equal(logits.Count(x => x > logits[id]), row.Rank(id));
            }

            int[] without = [.. Enumerable.Range(0, size).Where(id => id % 3 == 0 || id == size / 2)];
            Assert.Equal(Enumerable.Range(0, size).Except(without).Max(id => logits[id]), row.MaxWithout(without));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(64)]
    [InlineData(79)]
    [InlineData(600)]
    public void The_top_tokens_of_a_large_row_are_those_of_a_sort(int count)
    {
        var random = new Random(count);
        var logits = Enumerable.Range(0, 5_001).Select(_ => random.Next(30) == 0 ? float.NegativeInfinity : MathF.Round(random.NextSingle() * 300) / 8).ToArray();
        var top = new TopTokens();
        fixed (float* pointer = logits)
        {
            var row = new Row(logits.Length);
            row.Read(pointer);
            top.Select(row, count);
        }

        Assert.Equal(Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(count), Enumerable.Range(0, top.Count).Select(top.Id));
    }

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(0.7f, 0f)]
    [InlineData(1.5f, 0.2f)]
    public void Draws_over_a_large_row_have_its_own_frequencies(float temperature, float minP)
    {
        const int Draws = 40_000;
        var random = new Random(5);
        var logits = Enumerable.Range(0, 1_000).Select(id => id % 40 == 7 ? random.NextSingle() * 3 : -30f).ToArray();
        var counts = new int[logits.Length];
        fixed (float* pointer = logits)
        {
            var row = new Row(logits.Length);
            row.Read(pointer);
            var sampler = new TextSampler(logits.Length);
            for (var draw = 0; draw < Draws; draw++)
            {
                counts[sampler.Draw(row, new Sampling(temperature, MinP: minP), (draw + 0.5) / Draws)]++;
            }
        }

        var weights = logits.Select(x => Math.Exp((x - logits.Max()) / temperature)).Select(w => w < minP ? 0 : w).ToArray();
        for (var id = 0; id < logits.Length; id++)
        {
            Assert.InRange(counts[id], (Draws * weights[id] / weights.Sum()) - 2, (Draws * weights[id] / weights.Sum()) + 2);
        }
    }

    [Fact]
    public void A_penalty_makes_tokens_that_were_there_less_likely_once_and_leaves_the_row_alone()
    {
        float[] logits = [2, -2, 1, 4, .. new float[60]];
        using var changed = new ChangedRow(logits.Length);
        fixed (float* pointer = logits)
        {
            var row = new Row(logits.Length);
            row.Read(pointer);
            var penalised = changed.Penalise(row, [0, 1, 0, 3, 3, 3], 2).Logits[..4].ToArray();
            Assert.Equal([1, -4, 1, 2], penalised);
        }

        Assert.Equal([2, -2, 1, 4], logits[..4]);
    }

    [Fact]
    public void A_frame_that_lies_about_a_length_is_refused_before_anything_is_allocated()
    {
        var frame = new FrameWriter();
        frame.Write(int.MaxValue);

        Assert.Throws<InvalidDataException>(() => new FrameReader(frame.Written).ReadInts());
        Assert.Throws<InvalidDataException>(() => new FrameReader(frame.Written).ReadString());
    }
}
