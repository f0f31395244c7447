using System.Text;
using DistillForge.Core;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>What the worker's last frame of a request says, as a value or as the exception that it stands for.</summary>
static class Answers
{
    public static int[] ReadTokens(Frame frame)
    {
        var reader = Reader(frame, FrameKind.Encoded);
        return reader.ReadInts();
    }

    public static string ReadText(Frame frame)
    {
        var reader = Reader(frame, FrameKind.Decoded);
        return Encoding.UTF8.GetString(reader.ReadBytes());
    }

    public static Speed ReadSpeed(Frame frame)
    {
        var reader = Reader(frame, FrameKind.Measured);
        return new Speed(reader.ReadDouble(), reader.ReadDouble());
    }

    public static DecodeTime ReadTime(Frame frame)
    {
        var reader = Reader(frame, FrameKind.DecodeMeasured);
        return new DecodeTime(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadInt());
    }

    /// <summary>A reader of the body, if the frame is what was hoped for.</summary>
    public static FrameReader Reader(Frame frame, FrameKind expected) => frame.Kind switch
    {
        FrameKind.Refused => throw ReadRefusal(frame),
        FrameKind.Failed => throw ReadFailure(frame),
        var kind when kind == expected => new FrameReader(frame.Body),
        var kind => throw new InvalidDataException($"the worker answered {kind} where {expected} was expected"),
    };

    public static ForgeException ReadFailure(Frame frame)
    {
        var reader = new FrameReader(frame.Body);
        var (exitCode, heading) = (reader.ReadInt(), reader.ReadString());
        var problems = new Problem[reader.ReadInt()];
        for (var i = 0; i < problems.Length; i++)
        {
            problems[i] = new Problem(reader.ReadString(), reader.ReadString(), reader.ReadString());
        }

        return new ForgeException(heading, problems, exitCode);
    }

    static CompletionFailedException ReadRefusal(Frame frame)
    {
        var reader = new FrameReader(frame.Body);
        return new CompletionFailedException(reader.ReadString(), reader.ReadString());
    }
}
