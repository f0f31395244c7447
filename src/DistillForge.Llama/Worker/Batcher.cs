using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>
/// Continuous batching: at every step sequences join and leave; each speaking sequence gives one token, prompts and scores fill what
/// room is left in chunks. What a prompt shares with a sequence that is in the cache is not read again.
/// </summary>
sealed class Batcher : ICrewWork, IDisposable
{
    const int PartLength = 1 << 20;
    const long WorthWaking = 100_000;

    // Sequences of their own streams are read in matrices of their own: so few tokens leave a matrix half empty.
    const int FullChunk = 64;
    const int WaitingShare = 4;

    readonly LoadedModel model;
    readonly Lane lane;
    readonly WaitingLine waiting;
    readonly WorkerOutput output;
    readonly Activity step;
    readonly DecodeBatch batch;
    readonly Crew crew;
    readonly Desk[] desks;
    readonly OutputRow[] rows;
    readonly KvSlots slots;
    readonly List<RunningSequence> running = []; // in the order in which they came
    readonly int[] planned; // tokens of each slot in this step
    readonly byte[] piece = new byte[1024];
    int rowCount;

    public Batcher(LoadedModel model, Lane lane, WaitingLine waiting, WorkerOutput output, Activity step)
    {
        (this.model, this.lane, this.waiting, this.output, this.step) = (model, lane, waiting, output, step);
        batch = new DecodeBatch(Math.Max(ContextPlan.MicroBatch, lane.Sequences));
        desks = [.. Enumerable.Range(0, lane.Threads).Select(_ => new Desk(model))];
        rows = [.. Enumerable.Range(0, lane.Plan.MaxOutputs).Select(_ => new OutputRow())];
        crew = new Crew(lane.Threads, this);
        slots = new KvSlots(lane, model.CanSharePrefix);
        planned = new int[lane.Sequences];
    }

    /// <summary>Steps forever; sleeps while nothing waits.</summary>
    public void Run()
    {
        while (true)
        {
            Admit();
            step.Begin();
            Step();
            step.End();
            output.Flush();
        }
    }

    /// <summary>Reads one row of logits: draws the token, or takes the given one, and writes the trace.</summary>
    public void Do(int hand, int item) => desks[hand].Do(rows[item]);

    public void Dispose()
    {
        crew.Dispose();
        batch.Dispose();
        Array.ForEach(desks, desk => desk.Dispose());
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
            rows[i].Take(lane.Context);
        }

        crew.Run(rowCount, alone: (long)rowCount * model.VocabularySize < WorthWaking);
        for (var i = 0; i < rowCount; i++)
        {
            Accept(rows[i]);
        }

        running.RemoveAll(sequence => sequence.Slot < 0);
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
        while (slots.AnyFree && waiting.Take(wait: running.Count == 0) is { } next)
        {
            slots.Take(next);
            running.Add(next);
        }
    }

    // Every speaker has its token; then readers, the first one first, as far as tokens and rows of logits reach.
    void Fill()
    {
        batch.Clear();
        rowCount = 0;
        Array.Clear(planned);
        var (tokens, outputs) = SpeakersWait ? (0, 0) : PlanSpeakers();
        var (read, length) = (0, 0);
        for (var i = 0; i < running.Count && tokens < batch.Capacity; i++)
        {
            var reader = running[i];
            if (!reader.IsReading || (!reader.IsPrepared && !slots.Prepare(reader, running.Take(i))) || !Joins(reader, read, length))
            {
                continue;
            }

            length = reader.Unread;
            var count = Readable(reader, batch.Capacity - tokens, ref outputs);
            planned[reader.Slot] = count;
            tokens += count;
            read += count;
        }

        AddInOrderOfSlots();
    }

    // While many prompts wait to be read, those few that speak already would do so in nearly empty batches.
    bool SpeakersWait => !lane.Plan.Layout.Unified && running.Count(sequence => sequence.IsReading) * WaitingShare > lane.Sequences;

    // Streams are read in one matrix only as far as they are equally long, so one after the other is as good, unless they are.
    bool Joins(RunningSequence reader, int read, int length)
        => lane.Plan.Layout.Unified || read < FullChunk || (reader.Unread == length && read + length <= batch.Capacity);

    (int Tokens, int Outputs) PlanSpeakers()
    {
        var count = 0;
        foreach (var speaker in running)
        {
            if (!speaker.IsReading)
            {
                planned[speaker.Slot] = 1;
                count++;
            }
        }

        return (count, count);
    }

    int Readable(RunningSequence reader, int room, ref int outputs)
    {
        var count = 0;
        for (; count < Math.Min(reader.Unread, room); count++)
        {
            if (reader.NeedsOutput(reader.Submitted + count) && outputs++ == rows.Length)
            {
                outputs--;
                break;
            }
        }

        return count;
    }

    // llama.cpp decodes streams together that lie side by side, and only if their tokens come in this order.
    void AddInOrderOfSlots()
    {
        foreach (var sequence in running.OrderBy(sequence => sequence.Slot))
        {
            for (var left = planned[sequence.Slot]; left > 0; left--)
            {
                var needed = sequence.NeedsOutput(sequence.Submitted);
                if (needed)
                {
                    rows[rowCount++].Expect(sequence, batch.Count);
                }

                batch.Add(sequence[sequence.Submitted], sequence.Submitted, sequence.Slot, needed);
                sequence.Submitted++;
            }
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
        sequence.Live?.Mark(sequence.Positions.Length);
        if (sequence.Sampling is null ? EndScore(sequence, row.Position) : Speak(sequence, row.Token))
        {
            Release(sequence);
        }
        else if (sequence.Live is { } live)
        {
            live.Send(output, sequence, sequence.Text.SafeLength);
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
        if (token == OutputRow.NoToken)
        {
            Complete(sequence, "stop"); // the grammar is at its end, and the model has no token that says so
            return true;
        }

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
    {
        sequence.Live?.Send(output, sequence, sequence.Text.Length);
        output.Send(FrameKind.Completed, sequence.Request, (sequence, reason), static (to, answer) =>
        {
            var (ended, why) = answer;
            to.Write(why);
            to.Write(ended.Count - ended.PromptLength);
            // Positions from here on belong to a stop string, not to the answer; an end token belongs to it.
            to.Write(ended.Text.TokensBeforeEnd + (ended.Count - ended.PromptLength - ended.Text.Tokens));
            to.Write(ended.Elapsed.TotalSeconds);
            to.Write(ended.Reused);
            to.WriteBytes(ended.Text.Bytes);
            to.Write(ended.Positions.Written[(ended.Live?.PositionsSent ?? 0)..]);
        });
    }

    void Release(RunningSequence sequence)
    {
        slots.Release(sequence);
        waiting.Leave(sequence);
    }
}
