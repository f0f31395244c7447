using DistillForge.Llama.Native;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>
/// Continuous batching: at every step sequences join and leave; each speaking sequence gives one token, prompts and scores fill what
/// room is left in chunks. All of a lane share one KV cache, whose cells are reserved before a sequence joins.
/// </summary>
sealed unsafe class Batcher : ICrewWork, IDisposable
{
    const int PartLength = 1 << 20;
    const long WorthWaking = 100_000;
    const int LeastSequences = 4;

    readonly LoadedModel model;
    readonly Lane lane;
    readonly WaitingLine waiting;
    readonly WorkerOutput output;
    readonly DecodeBatch batch;
    readonly Crew crew;
    readonly Desk[] desks;
    readonly OutputRow[] rows;
    readonly List<RunningSequence> running = [];
    readonly Stack<int> slots = new();
    readonly byte[] piece = new byte[1024];
    int rowCount;
    int freeCells;
    double usualLength;

    public Batcher(LoadedModel model, Lane lane, WaitingLine waiting, WorkerOutput output)
    {
        (this.model, this.lane, this.waiting, this.output) = (model, lane, waiting, output);
        batch = new DecodeBatch(ContextPlan.MicroBatch);
        desks = [.. Enumerable.Range(0, lane.Threads).Select(_ => new Desk(model.VocabularySize))];
        rows = [.. Enumerable.Range(0, lane.MaxOutputs).Select(_ => new OutputRow())];
        crew = new Crew(lane.Threads, this);
        freeCells = lane.Cells;
        for (var slot = lane.Sequences - 1; slot >= 0; slot--)
        {
            slots.Push(slot);
        }
    }

    /// <summary>Steps forever; sleeps while nothing waits.</summary>
    public void Run()
    {
        while (true)
        {
            Admit();
            Step();
            output.Flush();
        }
    }

    void Step()
    {
        Fill();
        if (batch.Count == 0)
        {
            return;
        }

        batch.Decode(lane.Context);
        for (var i = 0; i < rowCount; i++)
        {
            rows[i].Logits = LlamaApi.Logits(lane.Context.Pointer, rows[i].BatchIndex);
        }

        crew.Run(rowCount, alone: (long)rowCount * model.VocabularySize < WorthWaking);
        for (var i = 0; i < rowCount; i++)
        {
            Accept(rows[i]);
        }

        running.RemoveAll(sequence => sequence.Slot < 0);
    }

    /// <summary>Reads one row of logits: draws the token, or takes the given one, and writes the trace.</summary>
    public void Do(int hand, int item)
    {
        var (desk, row) = (desks[hand], rows[item]);
        var sequence = row.Sequence;
        var position = row.Position - sequence.PromptLength;
        desk.Row.Read(row.Logits);
        row.Record.Clear();
        row.IsFinite = desk.Row.IsFinite;
        if (!row.IsFinite)
        {
            return;
        }

        row.Token = sequence.Sampling is { } sampling ? desk.Sampler.Draw(desk.Row, sampling, Chance.OfText(sequence.Seed, position)) : sequence[row.Position];
        if (sequence.Plan is { } plan)
        {
            desk.Row.Normalise();
            desk.Writer.Write(desk.Row, plan, row.Token, position, sequence.Seed, row.Record);
        }
    }

    public void Dispose()
    {
        crew.Dispose();
        batch.Dispose();
    }

    void Admit()
    {
        foreach (var sequence in running)
        {
            if (sequence.IsCancelled)
            {
                Release(sequence);
            }
        }

        running.RemoveAll(sequence => sequence.Slot < 0);
        while (running.Count < ComfortableSequences && waiting.Take(freeCells, wait: running.Count == 0) is { } next)
        {
            freeCells -= next.Cells;
            next.Start(slots.Pop());
            running.Add(next);
        }
    }

    // As many as fill the comfortable cells if they are as long as the last ones were; at least four, the columns of ggml's matrix kernels.
    int ComfortableSequences => (int)Math.Clamp(usualLength == 0 ? 0 : model.ComfortableCells / usualLength, Math.Min(LeastSequences, lane.Sequences), lane.Sequences);

    // Exact: what is read is read alone, so that nothing depends on its company. Else speakers first, then readers.
    void Fill()
    {
        batch.Clear();
        rowCount = 0;
        if (model.Exact && running.Find(sequence => sequence.IsReading) is { } alone)
        {
            AddTokens(alone);
            return;
        }

        foreach (var sequence in running)
        {
            if (!sequence.IsReading)
            {
                AddTokens(sequence);
            }
        }

        foreach (var sequence in running)
        {
            if (sequence.IsReading)
            {
                AddTokens(sequence);
            }
        }
    }

    void AddTokens(RunningSequence sequence)
    {
        for (; sequence.Submitted < sequence.ReadTo && batch.Count < batch.Capacity; sequence.Submitted++)
        {
            var needed = sequence.NeedsOutput(sequence.Submitted);
            if (needed && rowCount == rows.Length)
            {
                return;
            }

            if (needed)
            {
                var row = rows[rowCount++];
                (row.Sequence, row.BatchIndex, row.Position) = (sequence, batch.Count, sequence.Submitted + 1);
            }

            batch.Add(sequence[sequence.Submitted], sequence.Submitted, sequence.Slot, needed);
        }
    }

    void Accept(OutputRow row)
    {
        var sequence = row.Sequence;
        if (sequence.Slot < 0)
        {
            return; // it ended at an earlier row of this step
        }

        if (!row.IsFinite)
        {
            output.Refuse(sequence.Request, "not-finite", $"the model's logits for token {row.Position} are no finite numbers");
            Release(sequence);
            return;
        }

        sequence.Positions.Write(row.Record.Written);
        if (sequence.Sampling is null ? EndScore(sequence, row.Position) : Speak(sequence, row.Token))
        {
            Release(sequence);
        }
        else if (sequence.Positions.Length >= PartLength)
        {
            output.Send(FrameKind.Positions, sequence.Request, sequence, static (to, s) => to.Write(s.Positions.Written));
            sequence.Positions.Clear();
        }
    }

    // True when nothing more is to be read.
    bool EndScore(RunningSequence sequence, int position)
    {
        if (position < sequence.Count - 1)
        {
            return false;
        }

        output.Send(FrameKind.Scored, sequence.Request, sequence, static (to, s) => to.Write(s.Positions.Written));
        return true;
    }

    // True when the answer is complete.
    bool Speak(RunningSequence sequence, int token)
    {
        sequence.Append(token);
        if (sequence.IsEnd(token, model))
        {
            Complete(sequence, "stop");
            return true;
        }

        var stopped = sequence.Text.Add(piece.AsSpan(0, model.Piece(token, piece)));
        if (stopped || sequence.IsFull)
        {
            Complete(sequence, stopped ? "stop" : "length");
            return true;
        }

        return false;
    }

    void Complete(RunningSequence sequence, string reason)
        => output.Send(FrameKind.Completed, sequence.Request, (sequence, reason), static (to, answer) =>
        {
            var (ended, why) = answer;
            to.Write(why);
            to.Write(ended.Count - ended.PromptLength);
            // Positions from here on belong to a stop string, not to the answer; an end token belongs to it.
            to.Write(ended.Text.TokensBeforeEnd + (ended.Count - ended.PromptLength - ended.Text.Tokens));
            to.Write(ended.Elapsed.TotalSeconds);
            to.WriteBytes(ended.Text.Bytes);
            to.Write(ended.Positions.Written);
        });

    void Release(RunningSequence sequence)
    {
        usualLength += (sequence.Count - usualLength) * (usualLength == 0 ? 1 : 0.1);
        LlamaApi.RemoveSequence(lane.Memory, sequence.Slot, -1, -1);
        slots.Push(sequence.Slot);
        freeCells += sequence.Cells;
        sequence.Slot = -1;
        waiting.Leave(sequence);
    }

    sealed class OutputRow
    {
        public RunningSequence Sequence { get; set; } = null!;
        public int BatchIndex { get; set; }
        public int Position { get; set; }
        public float* Logits { get; set; }
        public bool IsFinite { get; set; }
        public int Token { get; set; }
        public FrameWriter Record { get; } = new();
    }

    sealed class Desk(int vocabulary)
    {
        public Row Row { get; } = new(vocabulary);
        public TextSampler Sampler { get; } = new(vocabulary);
        public TraceWriter Writer { get; } = new(vocabulary);
    }
}
