using System.Text;

namespace DistillForge.Models;

/// <summary>A file that is no GGUF file, or a broken, hostile or unsupported one: which file, which field, what instead.</summary>
public sealed class GgufException : ForgeException
{
    /// <param name="field">Where in the file, e.g. <c>tensor 'blk.0.attn_q.weight', offset</c>.</param>
    public GgufException(string path, string field, string what, string instead = "Get the file again, or convert the model again.", Exception? inner = null)
        : base(path, [new Problem(field, what, instead)], inner: inner)
        => (Path, Field) = (path, field);

    public string Path { get; }

    public string Field { get; }
}

/// <summary>A safetensors file or a model's config.json that cannot be used: which file, which field, what instead.</summary>
public sealed class ModelFileException : ForgeException
{
    public ModelFileException(string path, string field, string what, string instead = "Get the file again.", Exception? inner = null)
        : base(path, [new Problem(field, what, instead)], inner: inner)
        => (Path, Field) = (path, field);

    public string Path { get; }

    public string Field { get; }
}

// Names come from foreign files and end on somebody's terminal.
static class Printable
{
    const int Longest = 80;

    public static string Name(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name.Length > Longest ? name[..Longest] : name)
        {
            text.Append(char.IsControl(c) || c is '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') ? $"\\u{(int)c:x4}" : c.ToString());
        }

        return name.Length > Longest ? text.Append('…').ToString() : text.ToString();
    }
}
