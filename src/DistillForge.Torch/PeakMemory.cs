namespace DistillForge.Torch;

/// <summary>The most that tensors took at once while it was open, on one device, beyond what was there before. One at a time on a thread.</summary>
public sealed class PeakMemory : IDisposable
{
    readonly torch.Device device;
    readonly long before;
    long? bytes;

    public PeakMemory(torch.Device device)
    {
        this.device = device;
        if (device.type == DeviceType.CPU)
        {
            Check.Ok(Native.df_watch_memory());
            return;
        }

        torch.cuda.synchronize(device);
        torch.cuda.reset_peak_memory_stats(device);
        before = torch.cuda.memory_allocated(device);
    }

    /// <summary>Ends the watch.</summary>
    public long Bytes => bytes ??= End();

    public void Dispose() => _ = Bytes;

    long End()
    {
        if (device.type != DeviceType.CPU)
        {
            torch.cuda.synchronize(device);
            return torch.cuda.max_memory_allocated(device) - before;
        }

        Check.Ok(Native.df_end_watch(out var peak));
        return peak;
    }
}
