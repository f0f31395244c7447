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

        top.Select(logits, size);

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
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_row_with_a_number_that_is_none_is_not_finite(float wrong)
    {
        float[] logits = [1, 2, 3, 4, 5, 6, 7, 8, 9, wrong, 11];
        fixed (float* pointer = logits)
        {
            var row = new Row(logits.Length);
            row.Read(pointer);

            Assert.False(row.IsFinite);
        }
    }

    [Fact]
    public void Draws_follow_the_weights_to_the_last_token()
    {
        var weights = new BlockWeights(130);
        weights.Fill([.. Enumerable.Range(0, 130).Select(id => id is 3 or 129 ? 0f : -1000f)], 0, 1);

        Assert.Equal(3, weights.Draw(0));
        Assert.Equal(3, weights.Draw(0.4999));
        Assert.Equal(129, weights.Draw(0.5001));
        Assert.Equal(129, weights.Draw(1 - 1e-17));
        weights.Remove([3, 129]);
        Assert.Equal(-1, weights.Draw(0.5));
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
