using System.Runtime.ExceptionServices;

namespace DistillForge.Models;

/// <summary>
/// Writes tensors whose rows can be made in any order: each core makes a part and hands it to the system's cache while the others make
/// theirs, and one thread more does nothing but to wait for the disk.
/// </summary>
/// <remarks>To be forced to disk costs a virtual disk more than to be written, and only what was forced before the end is not waited for at the end.</remarks>
sealed class GgufRows(FileStream file, long start, int alignment) : IDisposable
{
    // Beyond so many the disk is what is waited for.
    const int MostThreads = 8;

    // So much is worth a wait of the disk.
    const long ForcedBytes = 16 << 20;

    readonly record struct Part(GgufTensorSource Tensor, long Row, long At, int Bytes);

    readonly SemaphoreSlim enough = new(0);
    int next;
    long written;

    public void Write(IReadOnlyList<GgufTensorSource> tensors)
    {
        file.Flush();
        var parts = new List<Part>();
        var offset = start;
        foreach (var tensor in tensors)
        {
            parts.AddRange(tensor.Fill is null ? [new Part(tensor, 0, offset, (int)tensor.ByteCount)] : tensor.Parts().Select(part => new Part(tensor, part.Row, offset + part.At, part.Bytes)));
            offset = GgufWriter.Next(offset, tensor, alignment);
        }

        file.SetLength(offset);
        using var made = new CancellationTokenSource();
        // An error of the disk is told to one flush only: it must reach the user from here too.
        var disk = Task.Factory.StartNew(() => Force(made.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            Parallel.For(0, Math.Clamp(Environment.ProcessorCount, 1, MostThreads), (_, state) => WriteParts(parts, state));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        finally
        {
            made.Cancel();
            disk.GetAwaiter().GetResult();
        }

        file.Position = offset;
    }

    public void Dispose() => enough.Dispose();

    void Force(CancellationToken made)
    {
        try
        {
            while (true)
            {
                enough.Wait(made);
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }
        }
        catch (OperationCanceledException) when (made.IsCancellationRequested)
        {
            // The last bytes are forced with the whole file.
        }
    }

    // In the order of the file, so that the disk gets it in one piece.
    void WriteParts(List<Part> parts, ParallelLoopState state)
    {
        var buffer = Array.Empty<byte>();
        while (!state.IsStopped && Interlocked.Increment(ref next) - 1 is var i && i < parts.Count)
        {
            var (tensor, row, at, bytes) = parts[i];
            Array.Resize(ref buffer, Math.Max(buffer.Length, bytes));
            try
            {
                Make(tensor, row, buffer.AsSpan(0, bytes));
            }
            catch
            {
                state.Stop();
                throw;
            }

            RandomAccess.Write(file.SafeFileHandle, buffer.AsSpan(0, bytes), at);
            var before = Interlocked.Add(ref written, bytes) - bytes;
            if (before / ForcedBytes != (before + bytes) / ForcedBytes)
            {
                enough.Release();
            }
        }
    }

    static void Make(GgufTensorSource tensor, long row, Span<byte> bytes)
    {
        if (tensor.Fill is { } fill)
        {
            fill(row, bytes);
            return;
        }

        using var whole = new MemoryStream(bytes.Length);
        GgufWriter.Write(tensor, whole);
        whole.GetBuffer().AsSpan(0, bytes.Length).CopyTo(bytes);
    }
}
