using System.Runtime.InteropServices;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>An answer as the bytes of one journal record. Both sides are ours; the frame around it has a checksum.</summary>
static class AnswerRecord
{
    // 2: reasoning.
    const byte Version = 2;
    const byte IsExample = 1;
    const byte IsScoredExample = 2;
    const byte IsFailure = 3;

    // As IsScoredExample, with the counts of its drawn heads behind the trace.
    const byte IsDrawnExample = 4;

    public static byte[] Write(Answer answer)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Version);
        if (answer.Failure is { } failure)
        {
            writer.Write(IsFailure);
            writer.Write(failure.Id);
            writer.Write(failure.Code);
            writer.Write(failure.Detail);
        }
        else
        {
            var example = answer.Example!;
            writer.Write(example.Trace is null ? IsExample : example.Trace.HeadDraws is null ? IsScoredExample : IsDrawnExample);
            Write(writer, example);
            if (example.Trace is { } trace)
            {
                Write(writer, trace);
            }
        }

        writer.Flush();
        return bytes.ToArray();
    }

    public static Answer Read(byte[] record)
    {
        using var reader = new BinaryReader(new MemoryStream(record), Encoding.UTF8);
        var version = reader.ReadByte();
        if (version is 0 or > Version)
        {
            throw new InvalidDataException($"written by another version of DistillForge (record form {version}, this one reads {Version})");
        }

        var kind = reader.ReadByte();
        if (kind == IsFailure)
        {
            return Answer.Of(new Failure(reader.ReadString(), reader.ReadString(), reader.ReadString()));
        }

        var example = ReadExample(reader);
        example = version >= 2 ? example with { Reasoning = ReadOptional(reader) } : example;
        return Answer.Of(kind switch
        {
            IsScoredExample => example with { Trace = ReadTrace(reader, example.Id) },
            IsDrawnExample => example with { Trace = ReadTrace(reader, example.Id) with { HeadDraws = new HeadDraws(reader.ReadSingle(), ReadArray<int>(reader)) } },
            _ => example,
        });
    }

    /// <summary>What the index needs, without the rest.</summary>
    public static (string Id, bool IsFailure, bool HasTrace) ReadHead(byte[] record)
    {
        using var reader = new BinaryReader(new MemoryStream(record), Encoding.UTF8);
        reader.ReadByte();
        var kind = reader.ReadByte();
        return (reader.ReadString(), kind == IsFailure, kind is IsScoredExample or IsDrawnExample);
    }

    static void Write(BinaryWriter writer, Example example)
    {
        writer.Write(example.Id);
        Write(writer, example.Prompt);
        Write(writer, example.Completion);
        writer.Write(example.Author);
        Optional(writer, example.AuthorSha256);
        Optional(writer, example.License);
        Optional(writer, example.Terms);
        writer.Write(example.FinishReason);
        writer.Write(example.Sampling);
        writer.Write(example.Seed);
        writer.Write(example.PromptTokens);
        writer.Write(example.CompletionTokens);
        writer.Write(example.CostUsd);
        writer.Write(example.Seconds);
        writer.Write(example.Source);
        writer.Write(example.Template);
        Optional(writer, example.Expected);
        Optional(writer, example.Category);
        Optional(writer, example.Reasoning);
    }

    static Example ReadExample(BinaryReader reader) => new()
    {
        Id = reader.ReadString(),
        Prompt = ReadMessages(reader),
        Completion = ReadMessages(reader),
        Author = reader.ReadString(),
        AuthorSha256 = ReadOptional(reader),
        License = ReadOptional(reader),
        Terms = ReadOptional(reader),
        FinishReason = reader.ReadString(),
        Sampling = reader.ReadString(),
        Seed = reader.ReadInt64(),
        PromptTokens = reader.ReadInt32(),
        CompletionTokens = reader.ReadInt32(),
        CostUsd = reader.ReadDouble(),
        Seconds = reader.ReadDouble(),
        Source = reader.ReadString(),
        Template = reader.ReadString(),
        Expected = ReadOptional(reader),
        Category = ReadOptional(reader),
    };

    static void Write(BinaryWriter writer, TokenTrace trace)
    {
        writer.Write(trace.Id);
        writer.Write(trace.Scorer);
        writer.Write(trace.Vocabulary);
        Write<int>(writer, trace.TokenIds);
        writer.Write(trace.PromptLength);
        Write<bool>(writer, trace.LossMask);
        Write<float>(writer, trace.TokenLogprobs);
        Write<int>(writer, trace.TokenRanks);
        Write<float>(writer, trace.Entropies);
        Write<int>(writer, trace.HeadSizes);
        Write<int>(writer, trace.HeadIds);
        Write<float>(writer, trace.HeadLogprobs);
        writer.Write(trace.TailLogSums.Count);
        foreach (var tail in trace.TailLogSums)
        {
            writer.Write(tail.Temperature);
            Write<float>(writer, tail.Values);
        }

        writer.Write(trace.TailSamples.Count);
        foreach (var tail in trace.TailSamples)
        {
            writer.Write(tail.Temperature);
            Write<int>(writer, tail.Ids);
        }

        writer.Write(trace.Capped);
        if (trace.HeadDraws is { } draws)
        {
            writer.Write(draws.Temperature);
            Write<int>(writer, draws.Counts);
        }
    }

    static TokenTrace ReadTrace(BinaryReader reader, string row)
    {
        var trace = new TokenTrace
        {
            Id = reader.ReadString(),
            Scorer = reader.ReadString(),
            Vocabulary = reader.ReadString(),
            TokenIds = ReadArray<int>(reader),
            PromptLength = reader.ReadInt32(),
            LossMask = ReadArray<bool>(reader),
            TokenLogprobs = ReadArray<float>(reader),
            TokenRanks = ReadArray<int>(reader),
            Entropies = ReadArray<float>(reader),
            HeadSizes = ReadArray<int>(reader),
            HeadIds = ReadArray<int>(reader),
            HeadLogprobs = ReadArray<float>(reader),
            TailLogSums = ReadMany(reader, static r => new TailLogSums(r.ReadSingle(), ReadArray<float>(r))),
            TailSamples = ReadMany(reader, static r => new TailSamples(r.ReadSingle(), ReadArray<int>(r))),
            Capped = reader.ReadBoolean(),
        };
        return trace.Id == row ? trace : trace with { Id = row };
    }

    static void Write(BinaryWriter writer, IReadOnlyList<Message> messages)
    {
        writer.Write(messages.Count);
        foreach (var message in messages)
        {
            writer.Write(message.Role);
            writer.Write(message.Content);
        }
    }

    static IReadOnlyList<Message> ReadMessages(BinaryReader reader) => ReadMany(reader, static r => new Message(r.ReadString(), r.ReadString()));

    static T[] ReadMany<T>(BinaryReader reader, Func<BinaryReader, T> one)
    {
        var items = new T[reader.ReadInt32()];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = one(reader);
        }

        return items;
    }

    static void Optional(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null)
        {
            writer.Write(text);
        }
    }

    static string? ReadOptional(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    static void Write<T>(BinaryWriter writer, T[] values)
        where T : unmanaged
    {
        writer.Write(values.Length);
        writer.Write(MemoryMarshal.AsBytes<T>(values));
    }

    static T[] ReadArray<T>(BinaryReader reader)
        where T : unmanaged
    {
        var values = new T[reader.ReadInt32()];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
