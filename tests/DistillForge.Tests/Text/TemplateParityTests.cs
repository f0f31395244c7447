using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Text;

namespace DistillForge.Tests;

/// <summary>
/// Published templates beside llama.cpp's own Jinja engine. FORGE_JINJA names a program that reads lines of {"template", "context"} and
/// writes lines of {"text"} or {"error"}; FORGE_TEMPLATES a folder of *.jinja files. Neither is part of the project.
/// </summary>
public class TemplateParityTests(Xunit.Abstractions.ITestOutputHelper output)
{
    sealed class PeerFactAttribute : FactAttribute
    {
        public PeerFactAttribute() => Skip = Environment.GetEnvironmentVariable("FORGE_JINJA") is null ? "set FORGE_JINJA and FORGE_TEMPLATES" : null;
    }

    [PeerFact]
    public async Task Published_templates_render_as_in_llama_cpp()
    {
        var files = Directory.GetFiles(Environment.GetEnvironmentVariable("FORGE_TEMPLATES")!, "*.jinja").Order(StringComparer.Ordinal).ToArray();
        var talks = Talks.Of(100);
        var (alike, unlike, refused) = (0, new List<string>(), 0);
        foreach (var file in files)
        {
            var source = await File.ReadAllTextAsync(file);
            var theirs = await PeerAsync(source, talks);
            var (same, both) = (0, 0);
            string? first = null;
            for (var i = 0; i < talks.Count; i++)
            {
                var ours = Ours(source, talks[i]);
                if (ours.Text == theirs[i].Text && (ours.Text is not null || theirs[i].Error is not null))
                {
                    same++;
                    both += ours.Text is null ? 1 : 0;
                }
                else
                {
                    first ??= $"{i}: ours {Short(ours)} theirs {Short(theirs[i])}";
                }
            }

            alike += same;
            refused += both;
            output.WriteLine($"{Path.GetFileName(file)}: {same} of {talks.Count} alike, {both} of them refused by both; {first}");
            if (same < talks.Count)
            {
                unlike.Add(Path.GetFileName(file));
            }
        }

        output.WriteLine($"{alike} of {files.Length * talks.Count} alike ({refused} refused by both); unlike: {string.Join(", ", unlike)}");
        Assert.Empty(unlike);
    }

    static string Short((string? Text, string? Error) said) => JsonSerializer.Serialize(said.Text ?? "! " + said.Error) is { Length: > 600 } text ? text[..600] : JsonSerializer.Serialize(said.Text ?? "! " + said.Error);

    static (string? Text, string? Error) Ours(string source, Message[] talk)
    {
        try
        {
            return (ChatTemplate.Parse(source).Render(talk, addGenerationPrompt: true, bos: "<s>", eos: "</s>"), null);
        }
        catch (TemplateException e)
        {
            return (null, e.Message);
        }
    }

    static async Task<List<(string? Text, string? Error)>> PeerAsync(string source, IReadOnlyList<Message[]> talks)
    {
        using var peer = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("FORGE_JINJA")!) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = new UTF8Encoding(false) })!;
        _ = peer.StandardError.ReadToEndAsync();
        var answers = new List<(string?, string?)>();
        foreach (var talk in talks)
        {
            var messages = new JsonArray([.. talk.Select(message => (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]);
            var context = new JsonObject { ["messages"] = messages, ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["add_generation_prompt"] = true };
            await peer.StandardInput.WriteLineAsync(new JsonObject { ["template"] = source, ["context"] = context }.ToJsonString());
            await peer.StandardInput.FlushAsync();
            var line = await peer.StandardOutput.ReadLineAsync() ?? "{\"error\":\"the program ended\"}";
            var said = JsonNode.Parse(line)!;
            answers.Add(((string?)said["text"], (string?)said["error"]));
        }

        peer.StandardInput.Close();
        return answers;
    }
}
