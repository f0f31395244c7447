using System.Text;
using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>A Modelfile, from which Ollama makes a local model: <c>ollama create NAME -f Modelfile</c>.</summary>
public static class Modelfile
{
    /// <param name="gguf">File name of the GGUF beside it.</param>
    /// <param name="context">Tokens.</param>
    /// <param name="system">A system message that belongs to the model's task, or null.</param>
    public static string Render(string gguf, Vocabulary vocabulary, int context, string? license, string? system = null)
    {
        var text = new StringBuilder($"FROM ./{gguf}\n");
        text.Append(Template(vocabulary) is { } template
            ? $"TEMPLATE {Quoted(template)}\n"
            : "# No TEMPLATE: the chat template is more than text around turns. Ollama takes the one in the GGUF if it knows it.\n");
        text.Append(system is { } message ? $"SYSTEM {Quoted(message)}\n" : "");
        text.Append($"PARAMETER num_ctx {context}\nPARAMETER temperature 0\n");
        if (vocabulary.TextOf(vocabulary.Eos) is { Length: > 0 } end)
        {
            text.Append($"PARAMETER stop {Quoted(end)}\n");
        }

        text.Append(license is { } name ? $"LICENSE {Quoted(name)}\n" : "");
        return text.ToString();
    }

    /// <summary>The chat template in Go's template language, or null when it cannot be said there exactly.</summary>
    public static string? Template(Vocabulary vocabulary)
    {
        if (vocabulary.ChatTemplate is not { } source || TurnLayout.Of(ChatTemplate.Parse(source), vocabulary.TextOf(vocabulary.Bos), vocabulary.TextOf(vocabulary.Eos)) is not { } layout)
        {
            return null;
        }

        // llama.cpp puts BOS before the text by itself; twice would be once too often.
        var bos = vocabulary.AddBos ? vocabulary.TextOf(vocabulary.Bos) : "";
        var branches = layout.Turns.OrderBy(turn => turn.Key, StringComparer.Ordinal)
            .Select((turn, i) => (i == 0 ? "{{ if" : "{{ else if") + $" eq $m.Role \"{turn.Key}\" " + "}}" + Before(turn.Value, bos) + "{{ $m.Content }}" + Literal(turn.Value.Suffix));
        var go = "{{ range $i, $m := .Messages }}" + string.Concat(branches) + "{{ end }}{{ end }}" + Literal(layout.Answer);
        return go.Contains("\"\"\"") ? null : go;
    }

    static string Before(TurnLayout.Turn turn, string bos)
    {
        var first = bos.Length > 0 && turn.First.StartsWith(bos, StringComparison.Ordinal) ? turn.First[bos.Length..] : turn.First;
        return first == turn.Later ? Literal(first) : "{{ if $i }}" + Literal(turn.Later) + "{{ else }}" + Literal(first) + "{{ end }}";
    }

    static string Literal(string text) => text.Replace("{{", "{{ \"{{\" }}");

    // Three quotes end the text wherever they stand, and there is no escape.
    static string Quoted(string text) => $"\"\"\"{text.Replace("\"\"\"", "\" \" \"")}\"\"\"";
}
