using System.Diagnostics;
using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>
/// How many contexts decode how many sequences side by side, and how they keep their KV cache: measured on this model and machine,
/// since no rule holds. Two sequences can be slower than one; threads that share a small model's step wait for one another hundreds
/// of times in a millisecond, so that one context a thread is better; and where attention is most of the work, few sequences in one
/// stream with plain matrices beat many with fused ones.
/// </summary>
/// <param name="Sequences">Of all contexts together.</param>
/// <param name="By">For the manifest: <c>request</c>, <c>probe</c> or <c>exact</c>.</param>
sealed record LaneChoice(int Contexts, int Sequences, CacheLayout Layout, string By)
{
    /// <summary>Parameters below which threads that share a step wait for one another more than they compute.</summary>
    public const long Tiny = 30_000_000;

    const long Small = 200_000_000;
    const int MostUnified = 8;
    const int MostContexts = 16;
    const double LeastGain = 1.03;

    static readonly TimeSpan Budget = TimeSpan.FromSeconds(4);
    static readonly int[] Ladder = [4, 8, 16, 32];

    public static LaneChoice For(LoadedModel model, int parallel)
    {
        var contexts = model.Parameters < Small ? model.Threads : 1;
        return model.Exact ? new LaneChoice(parallel > 0 ? Math.Min(contexts, parallel) : contexts, parallel > 0 ? Math.Min(contexts, parallel) : contexts, new CacheLayout(Unified: true, FlashAttention: false, Float32: true), "exact")
            : parallel > 0 ? Given(model, Math.Min(parallel, (int)LlamaApi.MaxSequences()))
            : new Probe(model).Choose();
    }

    // What the probe mostly finds.
    static LaneChoice Given(LoadedModel model, int parallel)
        => new(model.Parameters < Tiny ? Math.Min(model.Threads, parallel) : 1, parallel, new CacheLayout(), "request");

    /// <summary>
    /// Measures each candidate's fastest step, the smaller ones first, until more does not help or the time is up. Contexts of one
    /// thread go first, and a context that threads share has to be clearly faster: where other work takes a core for a moment, its
    /// threads wait for the one that lost it at each of hundreds of barriers a step (measured: 0.6 answers a second instead of 23),
    /// and the fastest step does not show that. A tiny model's are not tried at all.
    /// </summary>
    sealed class Probe(LoadedModel model)
    {
        // A small model's steps are many, so that one of them is undisturbed.
        const double Enough = 0.15;
        const int MostSteps = 32;
        const int LongestPrompt = 64;
        const double LeastGainOfSharing = 1.15;

        // Half of what is free, at most: the machine has other work.
        readonly long affordable = MemoryNeed.FreeBytes() / 2 / (model.CellBytes * ContextPlan.RoundUp(model.ContextLength));
        readonly LoopTimer timer = new(model);
        readonly long started = Stopwatch.GetTimestamp();
        (LaneChoice Choice, double Rate) best;

        public LaneChoice Choose()
        {
            var contexts = model.Parameters < Small ? (int)Math.Clamp(affordable, 1, Math.Min(model.Threads, MostContexts)) : 1;
            best = (new LaneChoice(contexts, contexts * (int)Math.Clamp(affordable / contexts, 1, Ladder[0]), new CacheLayout(), "probe"), 0);
            Climb(contexts, new CacheLayout(), Ladder, LeastGain);
            if (contexts > 1 && model.Parameters >= Tiny)
            {
                Climb(1, new CacheLayout(), Ladder, LeastGainOfSharing);
            }

            if (model.Parameters < Tiny)
            {
                Climb(contexts, new CacheLayout(Unified: true, FlashAttention: false), [4, MostUnified], LeastGain);
            }

            return best.Choice;
        }

        void Climb(int contexts, CacheLayout layout, int[] ladder, double leastGain)
        {
            var (last, bar) = (0.0, best.Rate * leastGain);
            foreach (var sequences in ladder)
            {
                if ((long)contexts * sequences > affordable || contexts * sequences > 64 || Stopwatch.GetElapsedTime(started) > Budget)
                {
                    return;
                }

                var rate = Measure(contexts, sequences, layout);
                if (rate > bar)
                {
                    best = (new LaneChoice(contexts, contexts * sequences, layout, "probe"), rate);
                    bar = rate * LeastGain;
                }

                if (rate < last)
                {
                    return;
                }

                last = rate;
            }
        }

        double Measure(int contexts, int sequences, CacheLayout layout)
        {
            var prompt = Math.Min(LongestPrompt, model.ContextLength / 4);
            var steps = Math.Clamp(model.ContextLength - prompt - 1, 1, MostSteps);
            return contexts * sequences / timer.Measure(new DecodeLoop(sequences, prompt, steps, contexts, SharedPrompt: true, Layout: layout), Enough).FastestStep;
        }
    }
}
