using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Packaging;

/// <summary>tinystories-656k as a checkpoint folder of ours: real, trained weights.</summary>
static class RealStudent
{
    public const string Folder = "models/tinystories-656k";

    public static string Gguf => SharedFiles.PathOf(Folder, "TinyStories-656K-f32.gguf");

    public static string Write(Scratch scratch)
    {
        var folder = Directory.CreateDirectory(scratch["real"]).FullName;
        File.Copy(SharedFiles.PathOf(Folder, "config.json"), Path.Combine(folder, "config.json"));
        Vocabulary.Read(Gguf).Write(Path.Combine(folder, "vocabulary.gguf"));
        using var weights = SafetensorsFile.Open(SharedFiles.PathOf(Folder, "model.safetensors"));

        // It stores the tied matrix as lm_head.
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. weights.Tensors.Select(t =>
            SafetensorsSource.Of(t.Name.Replace("lm_head", "model.embed_tokens"), t.Type, t.Shape, weights.Data(t).ToArray()))]);
        return folder;
    }
}
