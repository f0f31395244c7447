namespace DistillForge.Teachers;

/// <summary>
/// How many requests a server takes at once, found by trying: doubled each round until the server first complains, then one more a round, and less
/// by a third when more than a tenth of a round was refused or timed out. A round is as many replies as there may be in flight, so single
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
    int generation;
    int replies;
    int complaints;

    public int InFlight { get; private set; }

    /// <summary>At least 1.</summary>
    public int Limit => (int)limit;

    public bool HasRoom => InFlight < Limit;

    int Round => Math.Max(ShortestRound, Limit);

    /// <returns>To be handed to <see cref="Leave"/>.</returns>
    public int Enter()
    {
        InFlight++;
        full |= !HasRoom;
        return generation;
    }

    /// <param name="entered">What <see cref="Enter"/> returned.</param>
    /// <param name="complained">Too much for the server: throttled, or no answer in time.</param>
    public void Leave(int entered, bool complained)
    {
        InFlight--;
        if (entered != generation)
        {
            // It was sent before the limit was lowered: its complaint has been heard.
            return;
        }

        replies++;
        complaints += complained ? 1 : 0;
        if (complaints > Round * Tolerated)
        {
            limit = Math.Max(1, limit * Decrease);
            generation++;
            NextRound(start: false);
        }
        else if (replies >= Round)
        {
            // A window that was never full was not what held us back.
            limit = full ? Math.Min(most, starting ? limit * 2 : limit + 1) : limit;
            NextRound(starting);
        }
    }

    void NextRound(bool start) => (starting, replies, complaints, full) = (start, 0, 0, !HasRoom);
}
