namespace DistillForge.Llama.Worker;

/// <summary>Something that one thread does again and again, each time within a bound.</summary>
sealed class Activity(string name)
{
    long turns; // odd while it lasts

    public string Name => name;

    public long Turns => Interlocked.Read(ref turns);

    public void Begin() => Interlocked.Increment(ref turns);

    public void End() => Interlocked.Increment(ref turns);
}

/// <summary>
/// Ends a worker that computes and comes to no end: a step or a grammar that lasts longer than the slowest machine would need for it.
/// One that does not even compute is ended by the client.
/// </summary>
/// <remarks>Ticks are counted, not time: while the machine sleeps, nobody is late.</remarks>
sealed class StallWatch(Action<string> stalled)
{
    const int LeastSeconds = 120;
    const double SlowestFlops = 1e9;

    readonly Lock gate = new();
    readonly List<Watched> all = [];

    /// <summary>How long a step of a whole micro-batch may last.</summary>
    public static int SecondsFor(long parameters) => LeastSeconds + (int)Math.Min(int.MaxValue / 2, 2.0 * parameters * ContextPlan.MicroBatch / SlowestFlops);

    public Activity Add(string name, int ticks = LeastSeconds)
    {
        var activity = new Activity(name);
        lock (gate)
        {
            all.Add(new Watched(activity, ticks));
        }

        return activity;
    }

    /// <summary>Looks once a second.</summary>
    public void Start() => new Thread(() =>
    {
        while (true)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            Tick();
        }
    })
    { IsBackground = true, Name = "stall watch" }.Start();

    public void Tick()
    {
        lock (gate)
        {
            foreach (var late in all.Where(watched => watched.IsLate()))
            {
                stalled($"{late.Activity.Name} has lasted for {late.Most} seconds");
            }
        }
    }

    sealed class Watched(Activity activity, int most)
    {
        long seen;
        int ticks;

        public Activity Activity => activity;

        public int Most => most;

        public bool IsLate()
        {
            var turns = activity.Turns;
            ticks = turns == seen && turns % 2 == 1 ? ticks + 1 : 0;
            seen = turns;
            return ticks == most;
        }
    }
}
