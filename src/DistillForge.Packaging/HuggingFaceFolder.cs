using System.Text;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>A checkpoint as Hugging Face's libraries load it: weights, configuration, tokenizer.</summary>
public static class HuggingFaceFolder
{
    /// <summary>Writes a whole folder or none; what lay there before goes.</summary>
    /// <param name="checkpoint">With <c>model.safetensors</c>, <c>config.json</c> and <c>vocabulary.gguf</c>.</param>
    /// <returns>Null, or why the tokenizer is not among the files.</returns>
    public static string? Write(string checkpoint, string folder)
    {
        var vocabulary = Vocabulary.Read(Path.Combine(checkpoint, "vocabulary.gguf"));
        var shape = HuggingFaceConfig.Read(Path.Combine(checkpoint, "config.json"));
        var partial = folder + ".partial";
        Delete(partial);
        Directory.CreateDirectory(partial);
        foreach (var name in new[] { "model.safetensors", "config.json" })
        {
            // A checkpoint's files are replaced, never rewritten.
            DurableFile.Link(Path.Combine(checkpoint, name), Path.Combine(partial, name));
        }

        Text(partial, "generation_config.json", $$"""{ "bos_token_id": {{Id(vocabulary.Bos)}}, "eos_token_id": {{Id(vocabulary.Eos)}}, "do_sample": false }""" + "\n");
        Text(partial, "tokenizer_config.json", HuggingFaceTokenizer.Config(vocabulary, shape.Context));
        if (HuggingFaceTokenizer.Knows(vocabulary))
        {
            Text(partial, "tokenizer.json", HuggingFaceTokenizer.Tokenizer(vocabulary));
        }

        Delete(folder);
        Directory.Move(partial, folder);
        return HuggingFaceTokenizer.Knows(vocabulary) ? null : $"a vocabulary of kind '{vocabulary.Kind}{(vocabulary.Pre.Length > 0 ? $" {vocabulary.Pre}" : "")}' has no tokenizer.json of ours; take that of the model that it comes from";
    }

    static string Id(int? id) => id?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null";

    static void Text(string folder, string name, string text) => DurableFile.Write(Path.Combine(folder, name), stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
