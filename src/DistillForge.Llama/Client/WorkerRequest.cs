using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>Something asked of the worker, kept until it is answered so that it can be asked again.</summary>
abstract class WorkerRequest(long id, byte[] frame)
{
    public long Id { get; } = id;

    public byte[] Frame { get; } = frame;

    /// <summary>Deaths of the worker while it worked on this.</summary>
    public int Deaths { get; set; }

    /// <summary>Part of the answer was handed out already: it cannot be asked again.</summary>
    public bool HandedOut { get; protected set; }

    /// <summary>Takes a frame that answers this.</summary>
    /// <returns>It was the last one.</returns>
    public abstract bool Receive(Frame answer);

    /// <summary>Forgets partial answers, before it is asked again.</summary>
    public abstract void StartOver();

    public abstract void Fail(Exception why);

    public abstract void Cancel(CancellationToken cancellationToken);
}

/// <summary>A request whose answer is read from its last frame and the parts before it.</summary>
/// <param name="read">Reads the answer; throws if the frame refuses.</param>
/// <param name="piece">Takes what of the answer can be handed out already and gives its positions; null where the answer comes as a whole.</param>
sealed class WorkerRequest<T>(long id, byte[] frame, Func<Frame, IReadOnlyList<byte[]>, T> read, Func<Frame, byte[]>? piece) : WorkerRequest(id, frame)
{
    readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<byte[]> parts = [];

    public Task<T> Answer => answer.Task;

    public override bool Receive(Frame answer)
    {
        if (answer.Kind == FrameKind.Positions)
        {
            parts.Add(answer.Body);
            return false;
        }

        if (answer.Kind == FrameKind.Piece && piece is not null)
        {
            HandedOut = true;
            parts.Add(piece(answer));
            return false;
        }

        try
        {
            this.answer.TrySetResult(read(answer, parts));
        }
        catch (Exception refused)
        {
            this.answer.TrySetException(refused);
        }

        return true;
    }

    public override void StartOver() => parts.Clear();

    public override void Fail(Exception why) => answer.TrySetException(why);

    public override void Cancel(CancellationToken cancellationToken) => answer.TrySetCanceled(cancellationToken);
}
