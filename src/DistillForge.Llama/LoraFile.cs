using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Llama;

/// <summary>Checks a LoRA adapter with the managed reader, before llama.cpp sees it.</summary>
static class LoraFile
{
    /// <param name="path">Empty for none.</param>
    /// <exception cref="ForgeException">It is no adapter, or one of another model.</exception>
    public static void Check(string path, string modelPath)
    {
        if (path.Length == 0)
        {
            return;
        }

        using var adapter = GgufFile.Open(path);
        using var model = GgufFile.Open(modelPath);
        Require(adapter.Metadata.Text("general.type") == "adapter" && adapter.Metadata.Text("adapter.type") == "lora", path, "is no LoRA adapter.", "Convert one with llama.cpp's convert_lora_to_gguf.py.");
        var (architecture, expected) = (adapter.Metadata.Text("general.architecture"), model.Metadata.Text("general.architecture"));
        Require(architecture == expected, path, $"is for architecture '{architecture}', but {modelPath} is '{expected}'.", "Take an adapter that was trained on this very model.");
        Require(adapter.Tensors.Count > 0, path, "holds no tensors.", "Convert it again.");
        foreach (var tensor in adapter.Tensors)
        {
            CheckPair(tensor, adapter, model, path);
        }
    }

    // W [in, out] += B [rank, out] · A [in, rank], in ggml's order of dimensions.
    static void CheckPair(GgufTensor tensor, GgufFile adapter, GgufFile model, string path)
    {
        const string First = ".lora_a";
        const string Second = ".lora_b";
        var stem = tensor.Name.EndsWith(First, StringComparison.Ordinal) || tensor.Name.EndsWith(Second, StringComparison.Ordinal) ? tensor.Name[..^First.Length] : null;
        if (stem is null)
        {
            // Trained norms and the like travel whole, and llama.cpp takes or refuses them by name.
            return;
        }

        Require(model.Contains(stem), path, $"changes '{stem}', which the model does not have.", "Take an adapter that was trained on this very model.");
        Require(adapter.Contains(stem + First) && adapter.Contains(stem + Second), path, $"has only one half of '{stem}'.", "Convert it again.");
        var (a, b, weight) = (adapter.Tensor(stem + First).Shape, adapter.Tensor(stem + Second).Shape, model.Tensor(stem).Shape);
        var embedding = stem == "token_embd.weight";
        var fits = a.Count == 2 && b.Count == 2 && weight.Count == 2 && (embedding || (a[0] == weight[0] && b[1] == weight[1] && a[1] == b[0]));
        Require(fits, path, $"'{stem}' is {Shape(a)} and {Shape(b)}, which does not fit the model's {Shape(weight)}.", "Take an adapter that was trained on this very model.");
    }

    static string Shape(IReadOnlyList<long> shape) => string.Join(" × ", shape);

    static void Require(bool good, string path, string what, string instead)
    {
        if (!good)
        {
            throw new ForgeException(new Problem(path, what, instead));
        }
    }
}
