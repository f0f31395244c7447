using System.Collections.Concurrent;
using DistillForge.Core;
using DistillForge.Llama.Native;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>
/// The worker process: one thread reads requests (and tokenizes at once, which llama.cpp allows beside decoding), one handles them, and
/// one a lane decodes. It ends when its input ends.
/// </summary>
public sealed class WorkerHost : IDisposable
{
    readonly BlockingCollection<Frame> inbox = [];
    readonly WaitingLine waiting = new();
    readonly WorkerOutput output = new(StandardStreams.TakeOutput());
    readonly StallWatch watch = new(Stalled);
    readonly Activity tokenizing;
    readonly Activity reading;
    volatile LoadedModel? model;

    WorkerHost()
    {
        tokenizing = watch.Add("a text's tokenization");
        reading = watch.Add("a request's reading");
        watch.Start();
    }

    /// <param name="arguments">Folder of the engine's libraries; process id of the parent.</param>
    public static int Run(IReadOnlyList<string> arguments)
    {
        if (arguments.Count != 2 || !int.TryParse(arguments[1], out var parent))
        {
            Console.Error.WriteLine("This is DistillForge's llama.cpp worker; distillforge starts it by itself.");
            return ExitCode.UserCanFix;
        }

        FatalSignals.EndAtOnce();
        ParentWatch.Start(parent);
        using var host = new WorkerHost();
        Guard(() =>
        {
            NativeLibraries.Load(arguments[0]);
            new Thread(host.ReadInput) { IsBackground = true, Name = "input" }.Start();
            host.Work();
        });
        return ExitCode.Done;
    }

    // What one thread cannot do ends the process at once: the client restarts it.
    static void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (ForgeException lack)
        {
            Console.Error.WriteLine(lack.Message);
            ParentWatch.ExitNow(lack.ExitCode);
        }
    }

    // The client asks again what was asked, one at a time.
    static void Stalled(string what)
    {
        Console.Error.WriteLine($"no end in sight: {what}");
        ParentWatch.ExitNow(ExitCode.Unavailable);
    }

    public void Dispose()
    {
        model?.Dispose();
        inbox.Dispose();
    }

    void ReadInput()
    {
        using var input = StandardStreams.TakeInput();
        try
        {
            while (Frames.Read(input) is { } frame)
            {
                if (frame.Kind is FrameKind.Encode or FrameKind.Decode && model is { } loaded)
                {
                    Tokenize(loaded, frame);
                    output.Flush();
                }
                else
                {
                    inbox.Add(frame);
                }
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException)
        {
            Console.Error.WriteLine($"worker input: {broken.Message}");
        }

        // Even in the middle of a decode.
        ParentWatch.ExitNow(0);
    }

    void Work()
    {
        while (true)
        {
            Handle(inbox.Take());
            output.Flush();
        }
    }

    void Handle(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Open:
                Open(frame);
                break;
            case FrameKind.Complete:
                Complete(frame);
                break;
            case FrameKind.Score:
                waiting.Add(RunningSequence.ReadScore(frame));
                break;
            case FrameKind.Cancel:
                waiting.Cancel(frame.Request);
                break;
            case FrameKind.MeasureSpeed:
                MeasureSpeed(frame);
                break;
            case FrameKind.MeasureDecode:
                MeasureDecode(frame);
                break;
            case FrameKind.MeasureImportance:
                MeasureImportance(frame);
                break;
            case FrameKind.Quantize:
                Quantize(frame);
                break;
            default:
                throw new InvalidDataException($"a client does not send {frame.Kind}");
        }
    }

    void Open(Frame frame)
    {
        try
        {
            var reader = new FrameReader(frame.Body);
            var loaded = LoadedModel.Load(OpenRequest.Read(ref reader));
            foreach (var lane in loaded.Lanes)
            {
                var step = watch.Add("a step of decoding", StallWatch.SecondsFor(loaded.Parameters));
                new Thread(() => Guard(new Batcher(loaded, lane, waiting, output, step).Run)) { IsBackground = true, Name = $"lane {lane.Number}" }.Start();
            }

            model = loaded;
            output.Send(FrameKind.Opened, frame.Request, loaded, static (to, opened) => opened.WriteOpened(to));
        }
        catch (ForgeException lack)
        {
            Fail(frame.Request, lack);
        }
    }

    void Complete(Frame frame)
    {
        reading.Begin();
        try
        {
            waiting.Add(RunningSequence.ReadCompletion(frame, model!));
        }
        catch (InvalidDataException unreadable)
        {
            output.Refuse(frame.Request, "grammar-unreadable", unreadable.Message);
        }

        reading.End();
    }

    void Tokenize(LoadedModel loaded, Frame frame)
    {
        tokenizing.Begin();
        var reader = new FrameReader(frame.Body);
        if (frame.Kind == FrameKind.Encode)
        {
            var parseSpecial = reader.ReadBool();
            output.Send(FrameKind.Encoded, frame.Request, loaded.Encode(reader.ReadString(), parseSpecial), static (to, ids) => to.WriteArray(ids));
        }
        else
        {
            output.Send(FrameKind.Decoded, frame.Request, loaded.Decode(reader.ReadInts()), static (to, text) => to.WriteBytes(text));
        }

        tokenizing.End();
    }

    void MeasureSpeed(Frame frame)
    {
        try
        {
            output.Send(FrameKind.Measured, frame.Request, new SpeedProbe(model!).Measure(), static (to, speed) =>
            {
                to.Write(speed.Single);
                to.Write(speed.Prompt);
            });
        }
        catch (ForgeException lack)
        {
            Fail(frame.Request, lack);
        }
    }

    void MeasureDecode(Frame frame)
    {
        try
        {
            output.Send(FrameKind.DecodeMeasured, frame.Request, new LoopTimer(model!).Measure(LoopRequest.Read(frame)), static (to, time) =>
            {
                to.Write(time.Prompt);
                to.Write(time.Generation);
                to.Write(time.FastestStep);
                to.Write(time.Steps);
            });
        }
        catch (ForgeException lack)
        {
            Fail(frame.Request, lack);
        }
    }

    void MeasureImportance(Frame frame)
    {
        try
        {
            // Beside the output: what fails half-way must not be half a frame.
            var answer = new FrameWriter();
            ImportanceCollector.Answer(frame, answer);
            output.Send(FrameKind.ImportanceMeasured, frame.Request, answer, static (to, measured) => to.Write(measured.Written));
        }
        catch (ForgeException lack)
        {
            Fail(frame.Request, lack);
        }
    }

    void Quantize(Frame frame)
    {
        var reader = new FrameReader(frame.Body);
        var (source, target) = (reader.ReadString(), reader.ReadString());
        var parameters = LlamaApi.QuantizeDefaults();
        parameters.FileType = reader.ReadInt();
        parameters.Threads = reader.ReadInt();
        parameters.Pure = reader.ReadBool() ? (byte)1 : (byte)0;
        parameters.AllowRequantize = 1;
        using var importance = NativeImportance.Read(ref reader);
        parameters.ImportanceMatrix = importance.Pointer;
        if (LlamaApi.Quantize(source, target, in parameters) == 0)
        {
            output.Send(FrameKind.Quantized, frame.Request, 0, static (_, _) => { });
        }
        else
        {
            Fail(frame.Request, new ForgeException(new Problem(source, $"llama.cpp cannot quantize it: {EngineLog.LastErrors()}")));
        }
    }

    void Fail(long request, ForgeException lack)
        => output.Send(FrameKind.Failed, request, lack, static (to, why) =>
        {
            to.Write(why.ExitCode);
            to.Write(why.Heading);
            to.Write(why.Problems.Count);
            foreach (var problem in why.Problems)
            {
                to.Write(problem.Where);
                to.Write(problem.What);
                to.Write(problem.Instead);
            }
        });
}
