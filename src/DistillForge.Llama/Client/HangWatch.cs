namespace DistillForge.Llama.Client;

/// <summary>Tells when a worker that has something to do has done nothing at all for a while: no processor time, no page read, no answer.</summary>
/// <remarks>
/// A slow machine and a long prompt both use processor time, so neither is taken for a hang; and looks are counted, not time, so a
/// machine that slept, or a pair that was stopped and goes on, has its whole while again.
/// </remarks>
sealed class HangWatch
{
    public const int Looks = 10;

    WorkerProcess? watched;
    string seen = "";
    int idle;

    /// <param name="busy">It has something to do.</param>
    /// <returns>It did nothing between so many looks.</returns>
    public bool Look(WorkerProcess worker, bool busy)
    {
        var now = busy ? worker.Doing() : "";
        var same = busy && worker == watched && now == seen;
        (watched, seen, idle) = (worker, now, same ? idle + 1 : 0);
        return idle == Looks;
    }
}
