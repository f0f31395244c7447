using DistillForge.Data;

namespace DistillForge.Runs.Audits;

/// <summary>How far traces are from the whole distributions of audited positions; means over the positions.</summary>
sealed class AuditReport
{
    double entropy;
    double headMass;
    double numbers;
    double target;
    double distance;
    long ids;

    public int Positions { get; private set; }

    /// <summary>By name, for a manifest and so for <c>inspect</c>.</summary>
    public IReadOnlyDictionary<string, double> Figures => Positions == 0 ? new Dictionary<string, double> { ["positions"] = 0 } : new Dictionary<string, double>
    {
        ["positions"] = Positions,
        ["ids_per_position"] = Math.Round((double)ids / Positions, 2),
        // Nats, of the whole distribution.
        ["entropy"] = Math.Round(entropy / Positions, 4),
        // Share of the probability that the head names.
        ["head_mass"] = Math.Round(headMass / Positions, 4),
        // KL(whole ‖ trace), nats, the tail as one outcome: what bytes, half precision and another batch did to the numbers.
        ["kl_of_numbers"] = Math.Round(numbers / Positions, 6),
        // KL(what training aims at ‖ whole), nats, draws included; a draw is unbiased, so this is noise and not error.
        ["kl_of_target"] = Math.Round(target / Positions, 4),
        // Half the sum of |target − whole|.
        ["distance_of_target"] = Math.Round(distance / Positions, 4),
    };

    public void Add(AuditChoice choice, AuditPosition position)
    {
        var whole = Softmax(position.Logprobs);
        var (trace, count) = (choice.Trace, choice.Trace.HeadSizes[choice.Position]);
        var head = trace.HeadIds.AsSpan(choice.Head, count);
        var logprobs = trace.HeadLogprobs.AsSpan(choice.Head, count);
        var named = 0.0;
        var divergence = 0.0;
        for (var i = 0; i < head.Length; i++)
        {
            named += whole[head[i]];
            divergence += Term(whole[head[i]], Math.Exp(logprobs[i]));
        }

        var tail = trace.TailLogSums.FirstOrDefault(sums => sums.Temperature == 1)?.Values[choice.Position] ?? float.NegativeInfinity;
        var left = 1 - named;
        divergence += Term(left, Math.Exp(tail));
        Positions++;
        entropy -= whole.Sum(p => p > 0 ? p * Math.Log(p) : 0);
        headMass += named;
        numbers += divergence;
        Compare(Target(choice, tail), whole);
    }

    void Compare(Dictionary<int, double> aim, double[] whole)
    {
        var outside = 1.0;
        foreach (var (id, weight) in aim)
        {
            target += Term(weight, whole[id]);
            distance += Math.Abs(weight - whole[id]) / 2;
            outside -= whole[id];
        }

        distance += Math.Max(0, outside) / 2;
        ids += aim.Count;
    }

    // What forward KL makes of the trace: drawn ids by their weights, else the head and its tail's samples; without samples the head,
    // renormalised, stands for what is known.
    static Dictionary<int, double> Target(AuditChoice choice, float tail)
    {
        var (trace, position) = (choice.Trace, choice.Position);
        var head = Enumerable.Range(choice.Head, trace.HeadSizes[position]).ToDictionary(i => trace.HeadIds[i], i => Math.Exp(trace.HeadLogprobs[i]));
        if (trace.HeadDraws is { } draws)
        {
            var sum = trace.TailLogSums.First(sums => sums.Temperature == draws.Temperature).Values[position];
            var all = head.Values.Sum(p => Math.Pow(p, 1 / draws.Temperature)) + Math.Exp(sum);
            var counts = draws.Counts.AsSpan(choice.Head, head.Count).ToArray();
            return head.Zip(counts).ToDictionary(pair => pair.First.Key, pair => (double)pair.Second / counts.Sum() * pair.First.Value * all / Math.Pow(pair.First.Value, 1 / draws.Temperature));
        }

        var samples = trace.TailSamples.FirstOrDefault(drawn => drawn.Temperature == 1)?.Ids ?? [];
        var each = samples.Length / trace.CompletionLength;
        if (each == 0)
        {
            var mass = head.Values.Sum();
            return head.ToDictionary(entry => entry.Key, entry => entry.Value / mass);
        }

        foreach (var id in samples.AsSpan(position * each, each))
        {
            if (id >= 0)
            {
                head[id] = head.GetValueOrDefault(id) + (Math.Exp(tail) / each);
            }
        }

        return head;
    }

    // p log(p/q). Half precision leaves nothing below 1e-9 that could be compared.
    static double Term(double p, double q) => p > 1e-9 ? p * Math.Log(p / Math.Max(q, 1e-30)) : 0;

    static double[] Softmax(Half[] logprobs)
    {
        var p = Array.ConvertAll(logprobs, logprob => Math.Exp((double)logprob));
        var sum = p.Sum();
        return Array.ConvertAll(p, x => x / sum);
    }
}
