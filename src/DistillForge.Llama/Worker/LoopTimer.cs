using System.Diagnostics;
using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>Times <see cref="DecodeLoop"/>s in fresh contexts.</summary>
sealed class LoopTimer(LoadedModel model)
{
    const int FewestSteps = 4;

    /// <summary>Both phases, each from when the first context begins it until the last one ends it.</summary>
    /// <param name="enough">Seconds after which a context generates no more, once it made a few steps.</param>
    public DecodeTime Measure(DecodeLoop loop, double enough = double.PositiveInfinity)
    {
        var threads = Math.Max(1, model.Threads / loop.Contexts);
        var runs = Enumerable.Range(0, loop.Contexts).Select(_ => new Run(model, loop, threads)).ToList();
        try
        {
            return new DecodeTime(Together(runs, run => run.ReadPrompts()), Together(runs, run => run.Generate(enough)), runs.Max(run => run.FastestStep), runs.Min(run => run.Steps));
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
    }

    static double Together(List<Run> runs, Action<Run> work)
    {
        var start = Stopwatch.GetTimestamp();
        var threads = runs.Skip(1).Select(run => new Thread(() => work(run))).ToList();
        threads.ForEach(thread => thread.Start());
        work(runs[0]);
        threads.ForEach(thread => thread.Join());
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    sealed class Run : IDisposable
    {
        readonly LoadedModel model;
        readonly DecodeLoop loop;
        readonly ContextHandle context;
        readonly DecodeBatch batch = new(ContextPlan.MicroBatch);
        readonly nint memory;
        readonly int maxOutputs;
        int outputs;

        public Run(LoadedModel model, DecodeLoop loop, int threads)
        {
            (this.model, this.loop) = (model, loop);
            maxOutputs = model.MaxOutputs(loop.Sequences);
            context = model.Open(new ContextPlan(loop.Sequences, Math.Max(1, loop.Prompt + loop.Generated), threads, maxOutputs, loop.Layout ?? new CacheLayout()));
            memory = LlamaApi.Memory(context.Pointer);
            WarmUp();
        }

        public void ReadPrompts()
        {
            for (var sequence = 0; sequence < (loop.SharedPrompt ? 1 : loop.Sequences); sequence++)
            {
                for (var position = 0; position < loop.Prompt; position++)
                {
                    Add(Token(sequence + position), position, sequence, loop.EveryOutput || position == loop.Prompt - 1);
                }
            }

            Flush();
            if (loop.SharedPrompt)
            {
                Share();
            }
        }

        // A copy between streams is done by the next decode.
        void Share()
        {
            for (var sequence = 1; sequence < loop.Sequences; sequence++)
            {
                LlamaApi.CopySequence(memory, 0, sequence, -1, -1);
            }

            Add(Token(0), loop.Prompt, 0, output: true);
            Flush();
            LlamaApi.RemoveSequence(memory, 0, loop.Prompt, -1);
        }

        public double FastestStep { get; private set; } = double.PositiveInfinity;

        public int Steps { get; private set; }

        public void Generate(double enough)
        {
            var begun = Stopwatch.GetTimestamp();
            for (var step = 0; step < loop.Generated && (step < FewestSteps || Stopwatch.GetElapsedTime(begun).TotalSeconds < enough); Steps = ++step)
            {
                var start = Stopwatch.GetTimestamp();
                for (var sequence = 0; sequence < loop.Sequences; sequence++)
                {
                    Add(Token(sequence + step), loop.Prompt + step, sequence, output: true);
                }

                Flush();
                FastestStep = Math.Min(FastestStep, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        public void Dispose()
        {
            batch.Dispose();
            context.Dispose();
        }

        // The first decode also allocates and is not counted.
        void WarmUp()
        {
            for (var sequence = 0; sequence < loop.Sequences; sequence++)
            {
                Add(Token(sequence), 0, sequence, output: true);
            }

            Flush();
            LlamaApi.ClearMemory(memory, 0);
        }

        void Add(int token, int position, int sequence, bool output)
        {
            if (batch.Count == batch.Capacity || (output && outputs == maxOutputs))
            {
                Flush();
            }

            batch.Add(token, position, sequence, output);
            outputs += output ? 1 : 0;
        }

        void Flush()
        {
            if (batch.Count > 0)
            {
                batch.Decode(context);
                LlamaApi.Synchronize(context.Pointer);
                batch.Clear();
            }

            outputs = 0;
        }

        // Any tokens do: the time does not depend on them.
        int Token(int i) => (int)((uint)i * 2_654_435_761 % (uint)model.VocabularySize);
    }
}
