namespace DistillForge.Llama.Worker;

/// <summary>Sequences that wait for a lane, the first one first, and those that a lane works on, so that they can be cancelled.</summary>
sealed class WaitingLine
{
    readonly object gate = new();
    readonly LinkedList<RunningSequence> waiting = new();
    readonly Dictionary<long, RunningSequence> present = [];

    public void Add(RunningSequence sequence)
    {
        lock (gate)
        {
            present.Add(sequence.Request, sequence);
            waiting.AddLast(sequence);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>The next sequence; null if there is none.</summary>
    /// <param name="wait">Wait until there is one.</param>
    public RunningSequence? Take(bool wait)
    {
        lock (gate)
        {
            while (wait && waiting.Count == 0)
            {
                Monitor.Wait(gate);
            }

            if (waiting.First is not { } first)
            {
                return null;
            }

            waiting.RemoveFirst();
            return first.Value;
        }
    }

    public void Cancel(long request)
    {
        lock (gate)
        {
            if (present.TryGetValue(request, out var sequence))
            {
                sequence.IsCancelled = true;
                if (waiting.Remove(sequence))
                {
                    present.Remove(request);
                }
            }
        }
    }

    /// <summary>A lane is done with it.</summary>
    public void Leave(RunningSequence sequence)
    {
        lock (gate)
        {
            present.Remove(sequence.Request);
        }
    }
}
