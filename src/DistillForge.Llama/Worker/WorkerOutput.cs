using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>Frames to the client: collected, and written in one go.</summary>
sealed class WorkerOutput(Stream stream)
{
    readonly Lock gate = new();
    readonly FrameWriter buffer = new();

    /// <summary>Writes a frame; it leaves with the next <see cref="Flush"/>.</summary>
    public void Send<T>(FrameKind kind, long request, T state, Action<FrameWriter, T> body)
    {
        lock (gate)
        {
            var start = Frames.Begin(buffer, kind, request);
            body(buffer, state);
            Frames.End(buffer, start);
        }
    }

    public void Refuse(long request, string code, string detail)
        => Send(FrameKind.Refused, request, (code, detail), static (to, why) =>
        {
            to.Write(why.code);
            to.Write(why.detail);
        });

    public void Flush()
    {
        lock (gate)
        {
            if (buffer.Length > 0)
            {
                stream.Write(buffer.Written);
                stream.Flush();
                buffer.Clear();
            }
        }
    }
}
