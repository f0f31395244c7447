using DistillForge.Models;

namespace DistillForge.Training.Pretrained;

// A Hugging Face folder's tensors.
static class HuggingFaceModel
{
    // Constants that old checkpoints carry: masks, and the angles of the positions.
    static readonly string[] Constants = [".attn.bias", ".attn.masked_bias", ".rotary_emb.inv_freq"];

    public static PretrainedWeights Load(string folder)
    {
        var shape = HuggingFaceConfig.Read(Path.Combine(folder, "config.json"));
        var files = SafetensorsFolder.Open(folder);
        try
        {
            var names = Names(files, shape);
            return new PretrainedWeights(folder, shape, vocabulary: null, tensor => Read(files, names[tensor.HuggingFace], tensor), files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    // Under which name each tensor is stored.
    static Dictionary<string, string> Names(SafetensorsFolder files, ModelShape shape)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tensor in TensorNames.Of(shape))
        {
            // A model without its head is saved without the prefix; a tied matrix may be saved as the head alone.
            string[] candidates = [tensor.HuggingFace, tensor.HuggingFace[(tensor.HuggingFace.IndexOf('.') + 1)..], .. shape.TiedEmbeddings && tensor.Gguf == "token_embd.weight" ? ["lm_head.weight"] : Array.Empty<string>()];
            var name = candidates.FirstOrDefault(files.Contains) ?? tensor.HuggingFace;
            var (file, stored) = files.Find(name);
            if (!stored.Shape.SequenceEqual(tensor.TorchShape))
            {
                throw new ModelFileException(file.Path, $"tensor '{name}'", $"is [{string.Join(", ", stored.Shape)}], but config.json makes it [{string.Join(", ", tensor.TorchShape)}].");
            }

            names[tensor.HuggingFace] = name;
        }

        var used = names.Values.Append("lm_head.weight").ToHashSet(StringComparer.Ordinal);
        return files.Names.FirstOrDefault(name => !used.Contains(name) && !Constants.Any(end => name.EndsWith(end, StringComparison.Ordinal))) is { } unknown
            ? throw new ModelFileException(files.Path, $"tensor '{unknown}'", $"is no part of a {shape.Architecture} as it is built here.", "Choose a plain Llama, Qwen2, Qwen3 or GPT-2 model.")
            : names;
    }

    static float[] Read(SafetensorsFolder files, string name, NamedTensor tensor)
    {
        var (file, stored) = files.Find(name);
        var numbers = file.Floats(stored);
        return tensor.Transposed ? Transpose(numbers, tensor.Columns, tensor.Rows) : numbers;
    }

    static float[] Transpose(float[] numbers, int rows, int columns)
    {
        var turned = new float[numbers.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                turned[column * rows + row] = numbers[row * columns + column];
            }
        }

        return turned;
    }
}
