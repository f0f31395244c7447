using System.Buffers.Binary;
using System.Runtime.InteropServices;
using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Runs.Benches;

/// <summary>Models with random weights: what they say is noise, how fast they say it is real.</summary>
public static class SpeedModel
{
    const int Q8Block = 32;

    static readonly Dictionary<string, ModelShape> Shapes = new(StringComparer.Ordinal)
    {
        // 102 M weights, 25 M of them in the vocabulary.
        ["100m-32k"] = Shape(layers: 11, width: 768, heads: 12, feedForward: 2048, vocabulary: 32_000),
        // 100 M weights, 78 M of them in the vocabulary: the heaviest rows of logits for the lightest model.
        ["100m-152k"] = Shape(layers: 7, width: 512, heads: 8, feedForward: 1408, vocabulary: 151_936),
        // The students of the train bench, for other trainers to train.
        ["b5M"] = Student(layers: 5, width: 256, heads: 4, feedForward: 768),
        ["c15M"] = Student(layers: 8, width: 384, heads: 6, feedForward: 1056),
        // For tests.
        ["1m-2k"] = Shape(layers: 2, width: 128, heads: 4, feedForward: 384, vocabulary: 2_048),
    };

    public static IReadOnlyCollection<string> Names => Shapes.Keys;

    /// <summary>Writes a model of a named shape into the artifacts folder, once.</summary>
    /// <param name="type"><c>q8_0</c>, <c>f16</c> or <c>f32</c>.</param>
    /// <returns>Its path.</returns>
    /// <exception cref="ForgeException">No such shape or type.</exception>
    public static string Make(string name, string type, IProgressLog log)
    {
        var shape = ShapeOf(name);
        if (type is not ("q8_0" or "f16" or "f32"))
        {
            throw new ForgeException(new Problem("--type", $"unknown type '{type}'.", "Known: q8_0, f16, f32."));
        }

        var path = Path.Combine(Home.Root, ".artifacts", "bench", $"{name}-{type}.gguf");
        if (!File.Exists(path))
        {
            log.Say($"making {path}: {shape.Parameters / 1_000_000} M random weights");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Write(path, shape, type switch { "f16" => GgmlType.F16, "f32" => GgmlType.F32, _ => GgmlType.Q8_0 });
        }

        return path;
    }

    /// <summary>A shape by its name.</summary>
    internal static ModelShape ShapeOf(string name)
        => Shapes.TryGetValue(name, out var shape) ? shape : throw new ForgeException(new Problem("--make", $"unknown shape '{name}'.", NearName.Suggest(name, Names) ?? $"Known: {string.Join(", ", Names)}."));

    static ModelShape Student(int layers, int width, int heads, int feedForward) => Shape(layers, width, heads, feedForward, vocabulary: 4096) with { KeyValueHeads = 2 };

    static ModelShape Shape(int layers, int width, int heads, int feedForward, int vocabulary) => new()
    {
        Architecture = "llama",
        Layers = layers,
        Width = width,
        Heads = heads,
        KeyValueHeads = heads / 4 * 2,
        HeadSize = width / heads,
        FeedForward = feedForward,
        Vocabulary = vocabulary,
        Context = 4096,
        TiedEmbeddings = true,
    };

    static void Write(string path, ModelShape shape, GgmlType type)
    {
        var metadata = GgufShape.Write(shape);
        metadata.Add("general.name", GgufValue.Of(Path.GetFileNameWithoutExtension(path)));
        metadata.AddAll(Letters(shape.Vocabulary).ToGguf());
        GgufWriter.Write(path, metadata, [.. TensorNames.Llama(shape).Select(tensor => new GgufTensorSource(tensor.Gguf, tensor.IsVector ? GgmlType.F32 : type, tensor.GgufShape, to => Fill(to, tensor, type)))]);
    }

    /// <summary>Byte-level BPE: the 256 bytes, then every word of small letters, the shorter ones first, each made of a shorter word and a letter.</summary>
    internal static Vocabulary Letters(int size)
    {
        const int Bytes = 256;
        var smallest = BpeTrainer.Train([], Bytes + BpeTrainer.Specials.Count);
        var tokens = smallest.Tokens.Take(Bytes).ToList();
        var merges = new List<string>();
        var words = Enumerable.Range('a', 26).Select(letter => $"{(char)letter}").ToList();
        for (var next = 0; tokens.Count < size - BpeTrainer.Specials.Count; next++)
        {
            for (var letter = 'a'; letter <= 'z' && tokens.Count < size - BpeTrainer.Specials.Count; letter++)
            {
                merges.Add($"{words[next]} {letter}");
                words.Add(words[next] + letter);
                tokens.Add(words[^1]);
            }
        }

        var end = tokens.Count;
        tokens.AddRange(BpeTrainer.Specials);
        return new Vocabulary { Kind = smallest.Kind, Pre = smallest.Pre, Tokens = tokens, Types = [.. tokens.Select((_, id) => id < end ? TokenType.Normal : TokenType.Control)], Merges = merges, Bos = end, Eos = end, ChatTemplate = smallest.ChatTemplate };
    }

    // Weights of the usual spread, so that the logits look like those of an early model; vectors are ones.
    static void Fill(Stream to, NamedTensor tensor, GgmlType type)
    {
        if (tensor.IsVector)
        {
            to.Write(MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(1f, tensor.Columns)]));
            return;
        }

        // Tensors are written side by side: each draws from a source of its own, so that the file is the same every time.
        var random = Seeds.Source(7, "weights", tensor.Gguf);
        var spread = 1 / MathF.Sqrt(tensor.Columns);
        var row = new byte[type.BytesFor(tensor.Columns)];
        for (var i = 0; i < tensor.Rows; i++)
        {
            random.NextBytes(row);
            Shape(row, type, spread);
            to.Write(row);
        }
    }

    // Random bytes become numbers of one spread: even whole numbers within ±127 have a spread of 74.
    static void Shape(Span<byte> row, GgmlType type, float spread)
    {
        if (type == GgmlType.Q8_0)
        {
            for (var block = 0; block < row.Length; block += Q8Block + 2)
            {
                BinaryPrimitives.WriteHalfLittleEndian(row[block..], (Half)(spread / 74));
            }

            return;
        }

        if (type == GgmlType.F32)
        {
            for (var i = 0; i < row.Length; i += sizeof(float))
            {
                BinaryPrimitives.WriteSingleLittleEndian(row[i..], (sbyte)row[i] * spread / 74);
            }

            return;
        }

        for (var i = 0; i < row.Length; i += 2)
        {
            BinaryPrimitives.WriteHalfLittleEndian(row[i..], (Half)((sbyte)row[i] * spread / 74));
        }
    }
}
