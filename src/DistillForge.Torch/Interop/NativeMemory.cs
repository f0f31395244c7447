namespace DistillForge.Torch;

/// <summary>
/// The net below the scopes. The collector sees a tensor as a few bytes, so forgotten ones could fill memory before it
/// runs: here it runs whenever the native bytes alive have doubled since its last look.
/// </summary>
static class NativeMemory
{
    const long Step = 512L << 20;

    static long limit = Step;

    internal static void Created()
    {
        if (Native.df_live_bytes() > Volatile.Read(ref limit))
        {
            Collect();
        }
    }

    static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Volatile.Write(ref limit, Math.Max(Step, 2 * Native.df_live_bytes()));
    }
}
