using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DistillForge.Training;

/// <summary>
/// What happens step by step, for machines that watch: <c>metrics.jsonl</c>, and <c>events/</c> for TensorBoard. A run that goes on keeps what was
/// written up to its checkpoint and nothing that came after it.
/// </summary>
sealed class Metrics : IDisposable
{
    public const string File = "metrics.jsonl";
    public const string Events = "events";

    readonly FileStream lines;
    readonly TensorBoardEvents events;

    /// <param name="from">Steps done.</param>
    public Metrics(string folder, long from, TimeProvider clock)
    {
        Directory.CreateDirectory(folder);
        var board = Path.Combine(folder, Events);
        if (from == 0 && Directory.Exists(board))
        {
            Directory.Delete(board, recursive: true);
        }

        lines = new FileStream(Path.Combine(folder, File), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        lines.SetLength(LengthUpTo(lines, from));
        lines.Seek(0, SeekOrigin.End);
        events = new TensorBoardEvents(Path.Combine(board, $"events.out.tfevents.{from:D10}.distillforge"), from, clock);
    }

    /// <summary>After each step.</summary>
    /// <param name="rate">Input tokens a second.</param>
    /// <param name="share">Of the machine's measured peak, 0 … 1; null where it was not measured.</param>
    public void Step(TrainingCurve curve, double rate, double? share)
    {
        var step = curve.Loss.Count;
        (string Name, double Value)[] scalars =
        [
            ("loss", curve.Loss[^1]),
            ("learning_rate", curve.LearningRate[^1]),
            ("gradient_norm", curve.GradientNorm[^1]),
            ("tokens_per_second", Math.Round(rate, 1)),
            .. share is { } known ? [("share_of_peak", Math.Round(known, 4))] : Array.Empty<(string, double)>(),
        ];
        Line(writer =>
        {
            writer.WriteNumber("step", step);
            Write(writer, scalars);
            writer.WriteNumber("tokens", curve.Tokens);
            writer.WriteNumber("trained_tokens", curve.TrainedTokens);
            writer.WriteNumber("seconds", Math.Round(curve.Seconds, 3));
        });
        Tell("train", step, scalars);
    }

    /// <summary>After each measurement of held-out rows.</summary>
    public void Measured(ValidationPoint point)
    {
        (string Name, double Value)[] scalars = [("loss", point.Loss), .. point.Losses.Select(loss => (loss.Key, loss.Value))];
        Line(writer =>
        {
            writer.WriteNumber("step", point.Step);
            writer.WriteStartObject("held_out");
            Write(writer, scalars);
            writer.WriteEndObject();
        });
        Tell("held_out", point.Step, scalars);
    }

    public void Dispose()
    {
        lines.Dispose();
        events.Dispose();
    }

    void Tell(string group, long step, (string Name, double Value)[] scalars)
    {
        foreach (var (name, value) in scalars)
        {
            events.Scalar($"{group}/{name}", step, value);
        }

        events.Flush();
    }

    void Line(Action<Utf8JsonWriter> write)
    {
        using (var writer = new Utf8JsonWriter(lines))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        lines.WriteByte((byte)'\n');
        lines.Flush();
    }

    // JSON has no word for what is no number.
    static void Write(Utf8JsonWriter writer, (string Name, double Value)[] scalars)
    {
        foreach (var (name, value) in scalars)
        {
            if (double.IsFinite(value))
            {
                writer.WriteNumber(name, value);
            }
            else
            {
                writer.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    // A line that is torn, or of a step that is yet to come, ends what is kept.
    static long LengthUpTo(Stream stream, long step)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false), leaveOpen: true);
        var length = 0L;
        while (step > 0 && reader.ReadLine() is { } line && StepOf(line) is { } of && of <= step)
        {
            length += Encoding.UTF8.GetByteCount(line) + 1;
        }

        return Math.Min(length, stream.Length);
    }

    static long? StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
