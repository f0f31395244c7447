using System.Diagnostics;
using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>Measures how fast the model runs as it is run here, on its lanes: the decodes alone, each in a fresh context, medians of several.</summary>
sealed class SpeedProbe(LoadedModel model)
{
    const int Repeats = 3;
    const int Generated = 64;
    const int PromptTokens = 512;

    public Speed Measure()
    {
        var prompt = Math.Min(PromptTokens, model.ContextLength - 1);
        return new Speed(
            Median(() => Generate(model.Lanes[0], 1)),
            Median(GenerateOnAllLanes),
            model.Parallel,
            Median(() => Read(prompt)));
    }

    static double Median(Func<double> measure)
    {
        var rates = Enumerable.Range(0, Repeats).Select(_ => measure()).Order().ToArray();
        return rates[Repeats / 2];
    }

    double GenerateOnAllLanes()
    {
        var rates = new double[model.Lanes.Count];
        var threads = model.Lanes.Select(lane => new Thread(() => rates[lane.Number] = Generate(lane, lane.Sequences))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return rates.Sum();
    }

    double Generate(Lane lane, int sequences)
    {
        var steps = Math.Min(Generated, model.ContextLength - 1);
        using var context = model.NewContext(((sequences * (steps + 1)) + 255) / 256 * 256, sequences, lane.Threads);
        using var batch = new DecodeBatch(sequences);
        // The first step also allocates and is not counted.
        Decode(context, batch, sequences, 0);
        var start = Stopwatch.GetTimestamp();
        for (var step = 1; step <= steps; step++)
        {
            Decode(context, batch, sequences, step);
        }

        return sequences * steps / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    void Decode(ContextHandle context, DecodeBatch batch, int sequences, int position)
    {
        batch.Clear();
        for (var sequence = 0; sequence < sequences; sequence++)
        {
            batch.Add(Token(sequence + position), position, sequence, output: true);
        }

        batch.Decode(context);
    }

    double Read(int tokens)
    {
        using var context = model.NewContext((tokens + 255) / 256 * 256, 1, model.Lanes[0].Threads);
        using var batch = new DecodeBatch(tokens);
        var start = 0L;
        foreach (var counted in new[] { false, true })
        {
            LlamaApi.RemoveSequence(LlamaApi.Memory(context.Pointer), 0, -1, -1);
            batch.Clear();
            for (var i = 0; i < tokens; i++)
            {
                batch.Add(Token(i), i, 0, output: i == tokens - 1);
            }

            start = counted ? Stopwatch.GetTimestamp() : start;
            batch.Decode(context);
        }

        return tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // Any tokens do: the time does not depend on them.
    int Token(int i) => (int)((uint)i * 2_654_435_761 % (uint)model.VocabularySize);
}
