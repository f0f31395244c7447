using System.Numerics.Tensors;

namespace DistillForge.Runs.Benches;

/// <summary>How far a coding's mean gradient is from that of the whole distribution, both relative to the latter's norm.</summary>
/// <param name="Bias">Norm of (mean over redraws − whole).</param>
/// <param name="BiasByChance">What <paramref name="Bias"/> would be of an unbiased coding after so many redraws.</param>
/// <param name="Deviation">Root of the variance over redraws, of one draw a position.</param>
public sealed record EncodeError(double Bias, double BiasByChance, double Deviation)
{
    /// <summary>The bias is not told from what an unbiased coding shows after so many redraws.</summary>
    public bool IsChance => Bias < 1.5 * BiasByChance;
}

/// <summary>
/// Sums gradients in logits, q − t, over positions: of the whole distribution (t = p) and of each coding, drawn again and again.
/// </summary>
public sealed class EncodeGradients
{
    readonly IReadOnlyList<EncodeCoding> codings;
    readonly Random random;
    readonly EncodePosition position;
    readonly double[] teacher; // [V] Σ p
    readonly double[][] students; // [students][V] Σ q
    readonly double[] divergences; // [students] Σ KL(p ‖ q)
    readonly double[][][] targets; // [codings][redraws][V] Σ t; empty for a bucket
    readonly double[][][] buckets; // [codings][students][V] Σ (gradient − whole gradient); empty for the others

    public EncodeGradients(int vocabulary, IReadOnlyList<EncodeCoding> codings, int students, int redraws, Random random)
    {
        (this.codings, this.random) = (codings, random);
        position = new EncodePosition(vocabulary, students, codings.Max(coding => coding.Want.TopLogprobs));
        double[][] Vectors(int count) => [.. Enumerable.Range(0, count).Select(_ => new double[vocabulary])];
        teacher = new double[vocabulary];
        this.students = Vectors(students);
        divergences = new double[students];
        targets = [.. codings.Select(coding => Vectors(coding.Target switch { EncodeTarget.Bucket => 0, EncodeTarget.Renormalised => 1, _ => redraws }))];
        buckets = [.. codings.Select(coding => Vectors(coding.Target == EncodeTarget.Bucket ? students : 0))];
    }

    public int Positions { get; private set; }

    /// <summary>Mean KL(teacher ‖ student), nats a position.</summary>
    public double Divergence(int student) => divergences[student] / Positions;

    /// <param name="teacher">[V] logits or log-probabilities.</param>
    /// <param name="students">[students] of [V]</param>
    public void Add(ReadOnlySpan<float> teacher, IReadOnlyList<ReadOnlyMemory<float>> students)
    {
        position.Read(teacher, students);
        TensorPrimitives.Add(this.teacher, position.P, this.teacher);
        for (var s = 0; s < students.Count; s++)
        {
            TensorPrimitives.Add(this.students[s], position.Q[s], this.students[s]);
            divergences[s] += Divergence(position.P, position.Q[s]);
        }

        for (var c = 0; c < codings.Count; c++)
        {
            Add(c, codings[c].HeadSize(position.TopMass));
        }

        Positions++;
    }

    /// <summary>Norm of the whole distribution's mean gradient.</summary>
    public double Norm(int student) => TensorPrimitives.Distance<double>(students[student], teacher) / Positions;

    public EncodeError Error(int coding, int student)
    {
        double[] whole = [.. students[student].Zip(teacher, (q, p) => q - p)];
        var norm = TensorPrimitives.Norm<double>(whole);
        // Where targets add up to 1 the student drops out: (q − t) − (q − p) = p − t.
        double[][] differences = codings[coding].Target == EncodeTarget.Bucket
            ? [buckets[coding][student]]
            : [.. targets[coding].Select(sum => teacher.Zip(sum, (p, t) => p - t).ToArray())];
        var mean = new double[teacher.Length];
        foreach (var difference in differences)
        {
            TensorPrimitives.MultiplyAdd(difference, 1.0 / differences.Length, mean, mean);
        }

        var spread = differences.Sum(difference => Square(TensorPrimitives.Distance<double>(difference, mean)));
        var variance = spread / Math.Max(1, differences.Length - 1);
        return new EncodeError(TensorPrimitives.Norm<double>(mean) / norm, Math.Sqrt(variance / differences.Length) / norm, Math.Sqrt(variance) / norm);
    }

    void Add(int coding, int head)
    {
        var sums = targets[coding];
        switch (codings[coding].Target)
        {
            case EncodeTarget.Renormalised:
                AddHead(sums[0], head, 1 / position.TopMass[..head].Sum());
                break;
            case EncodeTarget.TailSamples:
                AddDraws(sums, head, codings[coding].Want.TailSamples);
                break;
            case EncodeTarget.RandomDraws:
                AddDraws(sums, 0, codings[coding].Want.RandomDraws);
                break;
            case EncodeTarget.Bucket:
                AddBucket(buckets[coding], head);
                break;
        }
    }

    void AddHead(double[] sum, int head, double scale)
    {
        foreach (var id in position.Top.AsSpan(0, head))
        {
            sum[id] += position.P[id] * scale;
        }
    }

    void AddDraws(double[][] sums, int head, int draws)
    {
        var mass = position.Without(head);
        foreach (var sum in sums)
        {
            AddHead(sum, head, 1);
            for (var draw = 0; draw < draws && mass > 0; draw++)
            {
                sum[position.Draw(random.NextDouble())] += mass / draws;
            }
        }
    }

    // In the head the bucket's gradient is the whole one's; in the tail it is q (1 − p_B/q_B) instead of q − p.
    void AddBucket(double[][] sums, int head)
    {
        var ids = position.Top[..head];
        var tail = Math.Max(0, 1 - ids.Sum(id => position.P[id]));
        for (var s = 0; s < sums.Length; s++)
        {
            var q = position.Q[s];
            var outside = 1 - ids.Sum(id => q[id]);
            // A head of everything leaves rounding.
            var ratio = outside > 1e-12 ? tail / outside : 0;
            var sum = sums[s];
            for (var id = 0; id < sum.Length; id++)
            {
                sum[id] += position.P[id] - (q[id] * ratio);
            }

            foreach (var id in ids)
            {
                sum[id] -= position.P[id] - (q[id] * ratio);
            }
        }
    }

    static double Divergence(double[] p, double[] q)
    {
        var sum = 0.0;
        for (var id = 0; id < p.Length; id++)
        {
            sum += p[id] > 0 ? p[id] * Math.Log(p[id] / q[id]) : 0;
        }

        return sum;
    }

    static double Square(double x) => x * x;
}
