namespace DistillForge.Llama.Worker;

/// <summary>What a crew does to one item; called from several threads at once.</summary>
interface ICrewWork
{
    /// <param name="hand">0 … hands − 1: whose scratch memory to use.</param>
    void Do(int hand, int item);
}

/// <summary>
/// A few threads that share out the items of a step. They sleep between steps, since llama.cpp's own threads need the cores then.
/// </summary>
sealed class Crew : IDisposable
{
    const int IndexBits = 20;
    const long IndexMask = (1L << IndexBits) - 1;

    readonly ICrewWork work;
    readonly SemaphoreSlim wake = new(0);
    readonly int hands;

    // round | count | next index: a hand that wakes late finds another round and takes nothing.
    long ticket;
    int done;

    public Crew(int hands, ICrewWork work)
    {
        this.work = work;
        this.hands = hands;
        for (var hand = 1; hand < hands; hand++)
        {
            var own = hand;
            new Thread(() => Help(own)) { IsBackground = true, Name = $"crew {own}" }.Start();
        }
    }

    /// <param name="alone">The items are too little work to wake anybody.</param>
    public void Run(int count, bool alone)
    {
        if (alone || hands == 1 || count == 1)
        {
            for (var item = 0; item < count; item++)
            {
                work.Do(0, item);
            }

            return;
        }

        Volatile.Write(ref done, 0);
        var round = (Volatile.Read(ref ticket) >> (2 * IndexBits)) + 1;
        Volatile.Write(ref ticket, (round << (2 * IndexBits)) | ((long)count << IndexBits));
        wake.Release(Math.Min(hands, count) - 1);
        TakeItems(0);
        var wait = new SpinWait();
        while (Volatile.Read(ref done) < count)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Between steps only; the other hands sleep on and end with the process.</summary>
    public void Dispose() => wake.Dispose();

    void Help(int hand)
    {
        while (true)
        {
            wake.Wait();
            TakeItems(hand);
        }
    }

    void TakeItems(int hand)
    {
        while (true)
        {
            var seen = Interlocked.Read(ref ticket);
            var (count, next) = ((seen >> IndexBits) & IndexMask, seen & IndexMask);
            if (next >= count)
            {
                return;
            }

            if (Interlocked.CompareExchange(ref ticket, seen + 1, seen) == seen)
            {
                work.Do(hand, (int)next);
                Interlocked.Increment(ref done);
            }
        }
    }
}
