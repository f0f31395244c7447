using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Training.Pretrained;

// A GGUF's tensors, dequantized.
static class GgufModel
{
    static readonly string[] Families = ["llama", "qwen2", "qwen3", "gpt2"];

    public static PretrainedWeights Load(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            var shape = Shape(file);
            CheckTensors(file, shape);
            return new PretrainedWeights(path, shape, Vocabulary.FromGguf(file), tensor => Read(file, tensor), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    static ModelShape Shape(GgufFile file)
    {
        var family = file.Metadata.RequiredText("general.architecture");
        if (!Families.Contains(family))
        {
            throw file.Metadata.Unfit("general.architecture", $"is '{family}', but only {string.Join(", ", Families)} are built.", "Choose a model of one of these.");
        }

        if (file.Metadata.Text($"{family}.rope.scaling.type") is { } scaling and not ("none" or "linear"))
        {
            throw file.Metadata.Unfit($"{family}.rope.scaling.type", $"is '{scaling}', which is not built.", "Choose a model whose positions are plain, linear or Llama 3's.");
        }

        var shape = GgufShape.Read(file);
        return file.Metadata.UInt32($"{family}.rope.dimension_count") is { } turned && shape.IsLlamaLike && turned != shape.HeadSize
            ? throw file.Metadata.Unfit($"{family}.rope.dimension_count", $"is {turned} of heads of {shape.HeadSize}: turned in part, which is not built.", "Choose another model.")
            : shape;
    }

    // A tensor that nobody expects would be a part of the model that is left out.
    static void CheckTensors(GgufFile file, ModelShape shape)
    {
        var expected = TensorNames.Of(shape);
        foreach (var tensor in expected)
        {
            var stored = file.Tensor(tensor.Gguf);
            if (!stored.Shape.SequenceEqual(tensor.GgufShape))
            {
                throw file.Metadata.Unfit($"tensor '{tensor.Gguf}'", $"is {string.Join(" × ", stored.Shape)}, but the file's own sizes make it {string.Join(" × ", tensor.GgufShape)}.");
            }

            if (!Dequantize.Can(stored.Type))
            {
                throw file.Metadata.Unfit($"tensor '{tensor.Gguf}'", $"is {stored.Type}, which is not read here.", "Take a GGUF of another quantization.");
            }
        }

        var names = expected.Select(tensor => tensor.Gguf).Append(RopeFactors.TensorName).ToHashSet(StringComparer.Ordinal);
        if (file.Tensors.FirstOrDefault(tensor => !names.Contains(tensor.Name)) is { } unknown)
        {
            throw file.Metadata.Unfit($"tensor '{unknown.Name}'", $"is no part of a {shape.Architecture} as it is built here.", "Choose a plain Llama, Qwen2, Qwen3 or GPT-2 model.");
        }
    }

    static float[] Read(GgufFile file, NamedTensor tensor)
    {
        var numbers = file.Floats(file.Tensor(tensor.Gguf));
        if (tensor.RotaryHeads == 0)
        {
            return numbers;
        }

        var moved = new float[numbers.Length];
        RotaryLayout.ToHuggingFace<float>(numbers, moved, tensor.Rows, tensor.RotaryHeads);
        return moved;
    }
}
