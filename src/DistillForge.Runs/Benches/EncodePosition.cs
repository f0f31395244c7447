namespace DistillForge.Runs.Benches;

/// <summary>One position as teacher and students see it, whole; used again for position after position.</summary>
/// <param name="top">Most likely ids to know.</param>
sealed class EncodePosition(int vocabulary, int students, int top)
{
    readonly PriorityQueue<int, double> best = new();
    readonly double[] sums = new double[vocabulary]; // running sum of what may be drawn

    /// <summary>[V] The teacher.</summary>
    public double[] P { get; } = new double[vocabulary];

    /// <summary>[students][V]</summary>
    public double[][] Q { get; } = [.. Enumerable.Range(0, students).Select(_ => new double[vocabulary])];

    /// <summary>The teacher's most likely ids, the most likely first.</summary>
    public int[] Top { get; private set; } = [];

    /// <summary>Their probabilities.</summary>
    public double[] TopMass { get; private set; } = [];

    public void Read(ReadOnlySpan<float> teacher, IReadOnlyList<ReadOnlyMemory<float>> students)
    {
        Softmax(teacher, P);
        for (var s = 0; s < students.Count; s++)
        {
            Softmax(students[s].Span, Q[s]);
        }

        best.Clear();
        for (var id = 0; id < P.Length; id++)
        {
            if (best.Count < top)
            {
                best.Enqueue(id, P[id]);
            }
            else if (best.TryPeek(out _, out var least) && P[id] > least)
            {
                best.DequeueEnqueue(id, P[id]);
            }
        }

        Top = [.. best.UnorderedItems.OrderByDescending(item => item.Priority).ThenBy(item => item.Element).Select(item => item.Element)];
        TopMass = [.. Top.Select(id => P[id])];
    }

    /// <summary>Prepares <see cref="Draw"/>: ids with probability p / Σ p, without the first few of <see cref="Top"/>.</summary>
    /// <returns>The mass that is left.</returns>
    public double Without(int head)
    {
        P.CopyTo(sums, 0);
        foreach (var id in Top.AsSpan(0, head))
        {
            sums[id] = 0;
        }

        for (var id = 1; id < sums.Length; id++)
        {
            sums[id] += sums[id - 1];
        }

        return sums[^1];
    }

    /// <param name="uniform">[0, 1).</param>
    public int Draw(double uniform)
    {
        // The first id whose running sum is above the target; ids of weight 0 share their predecessor's sum.
        var (low, high, target) = (0, sums.Length - 1, uniform * sums[^1]);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sums[middle] > target ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    static void Softmax(ReadOnlySpan<float> logits, double[] target)
    {
        var highest = double.NegativeInfinity;
        foreach (var logit in logits)
        {
            highest = Math.Max(highest, logit);
        }

        var sum = 0.0;
        for (var id = 0; id < target.Length; id++)
        {
            sum += target[id] = Math.Exp(logits[id] - highest);
        }

        for (var id = 0; id < target.Length; id++)
        {
            target[id] /= sum;
        }
    }
}
