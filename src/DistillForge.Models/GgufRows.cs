using System.Runtime.ExceptionServices;

namespace DistillForge.Models;

/// <summary>Writes tensors whose rows can be made in any order: each core makes a part and hands it to the disk's cache while the others make theirs.</summary>
sealed class GgufRows(FileStream file, long start, int alignment)
{
    // Beyond so many the disk is what is waited for.
    const int MostThreads = 8;

    readonly record struct Part(GgufTensorSource Tensor, long Row, long At, int Bytes);

    int next;
    long written;
    long begun;

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
        try
        {
            Parallel.For(0, Math.Clamp(Environment.ProcessorCount, 1, MostThreads), (_, state) => WriteParts(parts, state));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }

        file.Position = offset;
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
            Begin(bytes);
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

    // Only a hint: a part that another core still makes is left to the next one.
    void Begin(int bytes)
    {
        var all = Interlocked.Add(ref written, bytes);
        var from = Interlocked.Read(ref begun);
        if (all - from >= GgufWriter.BeginBytes && Interlocked.CompareExchange(ref begun, all, from) == from)
        {
            DurableFile.Begin(file, start + from);
        }
    }
}
