namespace DistillForge.Teachers;

/// <summary>
/// How many requests a second a server takes that does not say so, learned from what it refuses. Without refusals there is no pace. When more
/// than a few of a span's requests were refused, the pace becomes what was let in; when hardly any was and the pace held requests back, it grows,
/// each time by twice the last step, so that a limit that was found is probed gently and one that was raised is found again soon.
/// A span is at least two answers' time, for what is let in shows only then. Not thread-safe; its endpoint's lock guards it.
/// </summary>
sealed class LearnedPace
{
    const double TooMany = 0.06;
    const double Few = 0.03;
    const double FirstStep = 0.02;
    const double LargestStep = 0.5;
    const int EnoughSent = 12;
    const int LongRow = 10;

    readonly RateGate gate = new();
    double step = LargestStep;
    double begun = double.NaN;
    double lastAnswer;
    double latency;
    int sent;
    int refused;
    int answered;
    int row;
    bool held;

    /// <summary>Requests a second; infinite while nothing is known against it.</summary>
    public double PerSecond => gate.PerSecond;

    public bool IsKnown => !double.IsPositiveInfinity(PerSecond);

    /// <summary>Many refusals and no answer between them, for longer than answers take: what may be asked is used up, and asking on only adds to it.</summary>
    public bool IsUsedUp(double now) => row >= LongRow && now - lastAnswer > Math.Max(0.5, 2 * latency);

    /// <summary>Seconds until something may pass; 0 or less: now.</summary>
    public double Wait(double now)
    {
        var wait = gate.Wait(now);
        held |= wait > 0;
        return wait;
    }

    public void Pass(double now)
    {
        begun = double.IsNaN(begun) ? now : begun;
        sent++;
        gate.Pass(now, 1);
    }

    /// <param name="taken">Let in, whatever became of it; false: refused for being too many.</param>
    /// <param name="seconds">What it took; null where that says nothing of the server, as a time-out does not.</param>
    public void Hear(double now, bool taken, double? seconds)
    {
        if (taken)
        {
            latency = latency == 0 ? seconds ?? 0 : latency + 0.05 * ((seconds ?? latency) - latency);
            (lastAnswer, row) = (now, 0);
            answered++;
        }
        else
        {
            refused++;
            row++;
        }

        Judge(now - begun, now);
    }

    void Judge(double elapsed, double now)
    {
        var span = Math.Max(1, 2 * latency);
        var whole = (elapsed >= span && sent >= EnoughSent) || elapsed >= 5 * span;
        var share = (double)refused / Math.Max(1, sent);
        if ((whole && refused > 1 && share > TooMany) || (!IsKnown && refused >= 5 && share > 0.5))
        {
            // What was answered counts too: where requests wait long, few are sent while many are being taken.
            var letIn = Math.Max(sent - refused, answered) / Math.Max(Math.Max(elapsed, latency), 0.05);
            step = IsKnown ? FirstStep : LargestStep;
            gate.PerSecond = Math.Max(letIn, IsKnown ? PerSecond * (share > 0.5 ? 0.5 : 0.8) : 0.02);
            NextSpan(now);
        }
        else if (whole)
        {
            if (held && share <= Few)
            {
                gate.PerSecond *= 1 + step;
                step = Math.Min(LargestStep, 2 * step);
            }
            else
            {
                step = share > Few ? FirstStep : step;
            }

            NextSpan(now);
        }
    }

    void NextSpan(double now) => (begun, sent, refused, answered, held) = (now, 0, 0, 0, false);
}
