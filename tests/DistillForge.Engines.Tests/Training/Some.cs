namespace DistillForge.Engines.Tests.Training;

/// <summary>Traces with values that no two places share.</summary>
static class Some
{
    /// <summary>Tokens only, as rows without a teacher have them.</summary>
    public static TokenTrace Tokens(string id, int[] tokens, int promptLength, bool[]? mask = null) => new()
    {
        Id = id,
        Scorer = "",
        Vocabulary = "test",
        TokenIds = tokens,
        PromptLength = promptLength,
        LossMask = mask ?? [.. Enumerable.Repeat(true, tokens.Length - promptLength)],
    };

    /// <summary>Random tokens with a random teacher: a head of the most likely ids, exact tails, drawn samples.</summary>
    public static TokenTrace Scored(Random random, int length, int promptLength, int vocabulary, int head, int samples, params float[] temperatures)
    {
        var tokens = Enumerable.Range(0, length).Select(_ => random.Next(vocabulary)).ToArray();
        var positions = Enumerable.Range(0, length - promptLength).Select(_ => TeacherPosition.Random(random, vocabulary)).ToArray();
        return Scored(random, tokens, promptLength, positions, head, samples, temperatures);
    }

    /// <summary>One trained position with a given teacher.</summary>
    public static TokenTrace FromPosition(Random random, TeacherPosition position, int head, int samples, int token = 0, params float[] temperatures)
        => Scored(random, [0, token], 1, [position], head, samples, temperatures);

    /// <summary>One trained position whose head is what draws from p^(1/s) hit.</summary>
    public static TokenTrace Drawn(Random random, TeacherPosition position, int draws, float s, int token = 0, params float[] temperatures)
    {
        var counts = new SortedDictionary<int, int>();
        foreach (var id in position.Draw(random, head: 0, draws, s))
        {
            counts[id] = counts.GetValueOrDefault(id) + 1;
        }

        double Outside(float t) => Math.Log(Enumerable.Range(0, position.Probabilities.Length).Except(counts.Keys).Sum(id => Math.Pow(position.Probabilities[id], 1 / t)));
        return Scored(random, [0, token], 1, [position], head: 1, samples: 0, temperatures) with
        {
            HeadSizes = [counts.Count],
            HeadIds = [.. counts.Keys],
            HeadLogprobs = [.. counts.Keys.Select(id => (float)Math.Log(position.Probabilities[id]))],
            HeadDraws = new HeadDraws(s, [.. counts.Values]),
            TailLogSums = [.. temperatures.Prepend(1f).Append(s).Distinct().Select(t => new TailLogSums(t, [(float)Outside(t)]))],
        };
    }

    /// <summary>Given tokens and what the teacher thought of each completion position.</summary>
    public static TokenTrace Scored(Random random, int[] tokens, int promptLength, TeacherPosition[] positions, int head, int samples, float[] temperatures)
    {
        float[] all = [1f, .. temperatures];
        return Tokens($"row-{random.Next()}", tokens, promptLength) with
        {
            Scorer = "teacher",
            TokenLogprobs = [.. positions.Select((p, i) => (float)Math.Log(p.Probabilities[tokens[promptLength + i]]))],
            TokenRanks = new int[positions.Length],
            Entropies = [.. positions.Select(p => (float)-p.Probabilities.Sum(x => x * Math.Log(x)))],
            HeadSizes = [.. Enumerable.Repeat(head, positions.Length)],
            HeadIds = [.. positions.SelectMany(p => p.Head(head))],
            HeadLogprobs = [.. positions.SelectMany(p => p.Head(head).Select(id => (float)Math.Log(p.Probabilities[id])))],
            TailLogSums = [.. all.Select(t => new TailLogSums(t, [.. positions.Select(p => (float)p.TailLogSum(head, t))]))],
            TailSamples = samples == 0 ? [] : [.. all.Select(t => new TailSamples(t, [.. positions.SelectMany(p => p.Draw(random, head, samples, t))]))],
        };
    }
}

/// <summary>A whole distribution, to derive heads and tails from and to compare with.</summary>
sealed record TeacherPosition(double[] Probabilities)
{
    public static TeacherPosition Random(Random random, int vocabulary)
    {
        var weights = Enumerable.Range(0, vocabulary).Select(_ => Math.Exp(3 * random.NextDouble())).ToArray();
        var sum = weights.Sum();
        return new TeacherPosition([.. weights.Select(w => w / sum)]);
    }

    public int[] Head(int size) => [.. Enumerable.Range(0, Probabilities.Length).OrderByDescending(id => Probabilities[id]).Take(size).Order()];

    public int[] Tail(int head) => [.. Enumerable.Range(0, Probabilities.Length).Except(Head(head))];

    public double TailLogSum(int head, float temperature) => Math.Log(Tail(head).Sum(id => Math.Pow(Probabilities[id], 1 / temperature)));

    /// <summary>The whole distribution at another temperature.</summary>
    public double[] Tempered(float temperature)
    {
        var powers = Probabilities.Select(p => Math.Pow(p, 1 / temperature)).ToArray();
        return [.. powers.Select(p => p / powers.Sum())];
    }

    public IEnumerable<int> Draw(Random random, int head, int samples, float temperature)
    {
        var tail = Tail(head);
        if (tail.Length == 0)
        {
            return Enumerable.Repeat(-1, samples);
        }

        var weights = tail.Select(id => Math.Pow(Probabilities[id], 1 / temperature)).ToArray();
        return [.. Enumerable.Range(0, samples).Select(_ => tail[Pick(weights, random.NextDouble() * weights.Sum())])];
    }

    static int Pick(double[] weights, double at)
    {
        for (var i = 0; i < weights.Length - 1; i++)
        {
            at -= weights[i];
            if (at < 0)
            {
                return i;
            }
        }

        return weights.Length - 1;
    }
}
