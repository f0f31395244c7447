using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>How much of a growing answer was sent already: text that no stop string can cut any more, and the positions of its tokens.</summary>
sealed class LiveAnswer
{
    readonly List<int> ends = []; // where each token's positions end
    int bytes;
    int tokens;

    /// <summary>Bytes of the sequence's positions.</summary>
    public int PositionsSent { get; private set; }

    /// <summary>A token was added; its positions end here.</summary>
    public void Mark(int end) => ends.Add(end);

    /// <param name="place">Up to where the text is sent.</param>
    public void Send(WorkerOutput output, RunningSequence sequence, int place)
    {
        var whole = sequence.Text.TokensBefore(place);
        if (place == bytes && whole == tokens)
        {
            return;
        }

        var until = whole == 0 ? 0 : ends[whole - 1];
        output.Send(FrameKind.Piece, sequence.Request, (sequence, from: bytes, place, count: whole - tokens, first: PositionsSent, until), static (to, piece) =>
        {
            to.WriteBytes(piece.sequence.Text.Bytes[piece.from..piece.place]);
            to.Write(piece.count);
            to.Write(piece.sequence.Positions.Written[piece.first..piece.until]);
        });
        (bytes, tokens, PositionsSent) = (place, whole, until);
    }
}
