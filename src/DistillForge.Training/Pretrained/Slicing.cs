using System.Globalization;
using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Training.Pretrained;

/// <summary>A smaller model out of a larger one: the parts that stay, in their order, and nothing else changed.</summary>
public static class Slicing
{
    /// <summary>Only these parts.</summary>
    public static PretrainedWeights Keep(this PretrainedWeights whole, Parts parts)
    {
        var (shape, old) = (parts.Of(whole.Shape), whole.Shape);
        var tensors = TensorNames.Of(old).ToDictionary(tensor => tensor.Gguf);
        return new PretrainedWeights(whole.Name, shape, whole.Vocabulary, tensor =>
        {
            var (layer, stem) = Split(tensor.Gguf);
            var from = tensors[layer is { } kept ? $"blk.{parts.Layers[kept]}.{stem}" : tensor.Gguf];
            var (rows, columns) = Axes(stem, old, parts, layer ?? 0);
            return Select(whole.Numbers(from), from.Columns, from.IsVector ? null : rows, from.IsVector ? (stem.EndsWith(".bias", StringComparison.Ordinal) && rows is not null ? rows : columns) : columns);
        }, whole);
    }

    /// <summary>Only these tokens: their rows of the embedding, and of the head. Over them it is the whole model's distribution, given that the token is one of them.</summary>
    public static PretrainedWeights Keep(this PretrainedWeights whole, VocabularyMap tokens)
    {
        if (tokens.Whole.Size > whole.Shape.Vocabulary)
        {
            throw new ForgeException(new Problem("student", $"{whole.Name} has {whole.Shape.Vocabulary} rows, but its vocabulary {tokens.Whole.Size} tokens.", "Name the vocabulary that belongs to it."));
        }

        int[] rows = [.. tokens.Kept];
        var tensors = TensorNames.Of(whole.Shape).ToDictionary(tensor => tensor.Gguf);
        return new PretrainedWeights(whole.Name, whole.Shape with { Vocabulary = rows.Length }, tokens.Part, tensor =>
        {
            var from = tensors[tensor.Gguf];
            return tensor.Gguf is "token_embd.weight" or "output.weight" ? Select(whole.Numbers(from), from.Columns, rows, columns: null) : whole.Numbers(from);
        }, whole);
    }

    /// <summary>
    /// Rows of the embedding as many as the vocabulary has tokens (a padded one has more), places as many as the context that is wanted.
    /// </summary>
    /// <exception cref="ForgeException">The vocabulary has more tokens than the model has rows.</exception>
    public static PretrainedWeights Fit(this PretrainedWeights whole, Vocabulary vocabulary, int? context)
    {
        if (vocabulary.Size > whole.Shape.Vocabulary)
        {
            throw new ForgeException(new Problem("student", $"{whole.Name} has {whole.Shape.Vocabulary} rows, but its vocabulary {vocabulary.Size} tokens.", "Name the vocabulary that belongs to it."));
        }

        if (context > whole.Shape.Context && whole.Shape.Architecture == "gpt2")
        {
            throw new ForgeException(new Problem("student.context", $"is {context}, but {whole.Name} knows {whole.Shape.Context} places.", "Lower it."));
        }

        var shape = whole.Shape with { Vocabulary = vocabulary.Size, Context = context ?? whole.Shape.Context };
        return shape == whole.Shape
            ? whole
            : new PretrainedWeights(whole.Name, shape, vocabulary, tensor => First(whole.Numbers(TensorNames.Of(whole.Shape).First(old => old.Gguf == tensor.Gguf)), tensor.ElementCount), whole);
    }

    // Only the first rows of a table can be fewer, so they are the first numbers.
    static float[] First(float[] numbers, long count) => numbers.Length == count ? numbers : numbers[..(int)count];

    static (int? Layer, string Stem) Split(string gguf)
    {
        if (!gguf.StartsWith("blk.", StringComparison.Ordinal))
        {
            return (null, gguf);
        }

        var dot = gguf.IndexOf('.', 4);
        return (int.Parse(gguf.AsSpan(4, dot - 4), CultureInfo.InvariantCulture), gguf[(dot + 1)..]);
    }

    // Which outputs and inputs of a matrix stay; null for all. A vector's own axis is what its matrix puts out, or the channels.
    static (int[]? Rows, int[]? Columns) Axes(string stem, ModelShape old, Parts parts, int layer)
    {
        int[] channels = [.. parts.Channels];
        var group = old.Heads / old.KeyValueHeads;
        int[] Rows(IEnumerable<int> heads, int offset = 0) => [.. heads.SelectMany(head => Enumerable.Range(offset + head * old.HeadSize, old.HeadSize))];
        int[] keys = Rows(parts.KeyHeads[layer]), queries = Rows(parts.KeyHeads[layer].SelectMany(head => Enumerable.Range(head * group, group)));
        return stem[..stem.LastIndexOf('.')] switch
        {
            "attn_q" => (queries, channels),
            "attn_k" or "attn_v" => (keys, channels),
            "attn_qkv" => ([.. Enumerable.Range(0, 3).SelectMany(part => Rows(parts.KeyHeads[layer], part * old.Width))], channels),
            "attn_output" => (channels, queries),
            "attn_q_norm" or "attn_k_norm" => (null, null),
            "ffn_gate" or "ffn_up" => ([.. parts.Neurons[layer]], channels),
            "ffn_down" => (channels, [.. parts.Neurons[layer]]),
            _ => (null, channels),   // embeddings, places, norms, head
        };
    }

    static float[] Select(float[] numbers, int width, int[]? rows, int[]? columns)
    {
        var height = numbers.Length / width;
        var (rowCount, columnCount) = (rows?.Length ?? height, columns?.Length ?? width);
        var chosen = new float[(long)rowCount * columnCount];
        for (var r = 0; r < rowCount; r++)
        {
            var row = numbers.AsSpan((rows?[r] ?? r) * width, width);
            for (var c = 0; c < columnCount; c++)
            {
                chosen[r * columnCount + c] = row[columns?[c] ?? c];
            }
        }

        return chosen;
    }
}
