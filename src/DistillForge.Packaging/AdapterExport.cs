using System.Text.Json;
using DistillForge.Models;

namespace DistillForge.Packaging;

/// <summary>A trained LoRA adapter (safetensors with PEFT's names, <c>adapter_config.json</c>) → a GGUF adapter for llama.cpp's <c>--lora</c>.</summary>
public static class AdapterExport
{
    const string Prefix = "base_model.model.";

    /// <param name="folder">With <c>model.safetensors</c>, <c>adapter_config.json</c> and the <c>config.json</c> of the whole model.</param>
    /// <exception cref="ForgeException">A file is missing or broken, or a matrix belongs to no part of the model.</exception>
    public static void Write(string folder, string gguf, string name)
    {
        var shape = HuggingFaceConfig.Read(Path.Combine(folder, "config.json"));
        using var weights = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        var tensors = new List<GgufTensorSource>();
        foreach (var tensor in TensorNames.Of(shape).Where(tensor => !tensor.IsVector))
        {
            var stem = Prefix + tensor.HuggingFace[..^".weight".Length];
            if (weights.Contains(stem + ".lora_A.weight"))
            {
                // ggml's first dimension is torch's last.
                tensors.Add(Source(tensor.Gguf + ".lora_a", weights, stem + ".lora_A.weight", tensor.Columns, rotary: 0));
                tensors.Add(Source(tensor.Gguf + ".lora_b", weights, stem + ".lora_B.weight", columns: null, tensor.RotaryHeads));
            }
        }

        GgufWriter.Write(gguf, Metadata(shape, Alpha(Path.Combine(folder, "adapter_config.json")), name), tensors);
    }

    static GgufMetadata Metadata(ModelShape shape, float alpha, string name) => new()
    {
        { "general.architecture", GgufValue.Of(shape.Architecture) },
        { "general.type", GgufValue.Of("adapter") },
        { "general.name", GgufValue.Of(name) },
        { "adapter.type", GgufValue.Of("lora") },
        { "adapter.lora.alpha", GgufValue.Of(alpha) },
    };

    // B puts out the rows of q and k, which llama.cpp's Llama has in another order.
    static GgufTensorSource Source(string name, SafetensorsFile weights, string stored, int? columns, int rotary)
    {
        var tensor = weights.Tensor(stored);
        if (tensor.Shape.Count != 2 || (columns is { } wanted && tensor.Shape[1] != wanted))
        {
            throw new ModelFileException(weights.Path, $"tensor '{stored}'", $"is [{string.Join(", ", tensor.Shape)}], which does not fit its matrix.");
        }

        var numbers = weights.Floats(tensor);
        if (rotary > 0)
        {
            var moved = new float[numbers.Length];
            RotaryLayout.ToGguf<float>(numbers, moved, (int)tensor.Shape[0], rotary);
            numbers = moved;
        }

        return GgufTensorSource.Of(name, [tensor.Shape[1], tensor.Shape[0]], numbers);
    }

    static float Alpha(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty("lora_alpha").GetSingle();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException)
        {
            throw new ModelFileException(path, "lora_alpha", "cannot be read.", "Train again.", e);
        }
    }
}
