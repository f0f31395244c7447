namespace DistillForge.Teachers;

/// <summary>
/// How many requests a server takes at once, found by trying: doubled until the server first complains, then one more a round, and less by a
/// third when more than a tenth of a round was refused or timed out. A round is as many replies as there may be in flight, so single
/// refusals, which say little, change nothing. Not thread-safe; its endpoint's lock guards it.
/// </summary>
sealed class ConcurrencyWindow(int most)
{
    const double Tolerated = 0.1;
    const double Decrease = 0.67;
    const int ShortestRound = 10;

    double limit = Math.Min(4, most);
    bool starting = true;
    bool full;
    int replies;
    int complaints;

    public int InFlight { get; private set; }

    /// <summary>At least 1.</summary>
    public int Limit => (int)limit;

    public bool HasRoom => InFlight < Limit;

    public void Enter()
    {
        InFlight++;
        full |= !HasRoom;
    }

    /// <param name="complained">Too much for the server: throttled, or no answer in time.</param>
    public void Leave(bool complained)
    {
        InFlight--;
        replies++;
        complaints += complained ? 1 : 0;
        if (replies < Math.Max(ShortestRound, Limit))
        {
            return;
        }

        if (complaints > replies * Tolerated)
        {
            limit = Math.Max(1, limit * Decrease);
            starting = false;
        }
        else if (full)
        {
            // A window that was never full was not what held us back.
            limit = Math.Min(most, starting ? limit * 2 : limit + 1);
        }

        (replies, complaints, full) = (0, 0, !HasRoom);
    }
}
