using System.Globalization;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Runs;

/// <summary>Writes a recipe from somebody's own questions and their own GGUF teacher.</summary>
public static class Init
{
    // What people call the column with the question, the likeliest first.
    static readonly string[] Names = ["prompt", "question", "text", "instruction", "query", "input", "utterance", "message", "content"];

    /// <returns>What was made and what to do next, for a person.</returns>
    public static async Task<string> WriteAsync(string data, string teacher, string? column, string? target, CancellationToken cancellationToken)
    {
        var isCsv = Path.GetExtension(data).ToLowerInvariant() switch
        {
            ".csv" => true,
            ".jsonl" or ".ndjson" => false,
            var other => throw new ForgeException(new Problem(data, $"is a '{other}' file.", "Give a .csv with a heading line, or a .jsonl with a question a line.")),
        };
        if (!File.Exists(data))
        {
            throw new ForgeException(new Problem(data, "does not exist.", "Give a CSV or JSONL file with questions."));
        }

        column = isCsv ? column ?? ChooseColumn(data) : null;
        var rows = isCsv ? Import.CsvAsync(data, column!, null, cancellationToken) : Import.JsonlAsync(data, cancellationToken);
        var (count, longest) = (0, 0);
        await foreach (var row in rows)
        {
            count++;
            longest = Math.Max(longest, row.Prompt.Sum(message => message.Content.Length));
        }

        if (count == 0)
        {
            throw new ForgeException(new Problem(data, "holds no questions.", "Put one a line."));
        }

        var model = Teacher(teacher);
        var name = Named(Path.GetFileNameWithoutExtension(data));
        target ??= Path.Combine(Home.Root, "recipes", name + ".yaml");
        if (File.Exists(target))
        {
            throw new ForgeException(new Problem(target, "exists already.", "Give another name with --out."));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
        await File.WriteAllTextAsync(target, Text(name, isCsv ? "csv" : "jsonl", Path.GetFullPath(data), column, count, Path.GetFullPath(teacher), model), cancellationToken);
        return $"""
            {target}
              {count:N0} questions from {Path.GetFileName(data)}{(column is null ? "" : $", column '{column}'")}; the longest has {longest:N0} characters
              teacher {Path.GetFileName(teacher)}: {model.Architecture}, {model.Parameters:N0} parameters, {model.Vocabulary:N0} tokens
              student of about {model.Student:N0} parameters

            Read the recipe, say under which license the teacher answers, then:
              ./distillforge run {Path.GetRelativePath(Directory.GetCurrentDirectory(), target)}
            """;
    }

    internal static string ChooseColumn(string csv)
    {
        using var reader = TextLines.Open(csv);
        var heading = (reader.ReadLine() ?? "").Split(',').Select(name => name.Trim().Trim('"')).ToArray();
        return Names.Select(name => heading.FirstOrDefault(column => column.Equals(name, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(found => found is not null)
            ?? throw new ForgeException(new Problem(csv, $"has the columns {string.Join(", ", heading.Select(column => $"'{column}'"))}; none looks like a question.", "Say which with --column."));
    }

    sealed record Model(string Architecture, long Parameters, int Vocabulary, int Context, bool HasTemplate, int Width, int Layers, long Student);

    // A student of about an eighth: width and layers as the field builds small Llamas, head size 32.
    static Model Teacher(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        var vocabulary = Vocabulary.FromGguf(file);
        if (vocabulary.ChatTemplate is null)
        {
            throw new ForgeException(new Problem(gguf, "has no chat template (tokenizer.chat_template).", "Use a model that was made for conversations."));
        }

        var shape = GgufShape.Read(file);
        var parameters = file.ParameterCount;
        var (width, layers) = new[] { (768, 12), (576, 10), (512, 8), (384, 8), (320, 6), (256, 6), (192, 4), (128, 4), (128, 2), (96, 2), (64, 2) }
            .First(size => size.Item1 == 64 || Size(size.Item1, size.Item2, vocabulary.Size) <= parameters / 8);
        return new Model(shape.Architecture, parameters, vocabulary.RealSize, shape.Context, true, width, layers, Size(width, layers, vocabulary.Size));
    }

    static long Size(int width, int layers, int vocabulary) => (long)vocabulary * width + layers * (4L * width * width + 3L * width * ((width * 8 / 3 + 31) / 32 * 32));

    static string Named(string name) => new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? char.ToLowerInvariant(c) : '-')]);

    static string Text(string name, string kind, string data, string? column, int count, string teacher, Model model) => string.Create(CultureInfo.InvariantCulture, $$"""
        # yaml-language-server: $schema={{Path.Combine(Home.Root, "schemas", "recipe.json")}}
        # Made by: distillforge init. Every key that is not here has a default; see schemas/recipe.json.
        name: {{name}}
        seed: 7

        # Say under which license the teacher answers; it travels with every row and into the model card.
        teacher: { gguf: {{Quote(teacher)}}, license: unknown }

        # {{count}} questions.
        prompts: { {{kind}}: {{Quote(data)}}{{(column is null ? "" : $", column: {Quote(column)}")}} }
        generate: { samples: 1, temperature: 0.7, max_tokens: {{Math.Clamp(model.Context / 2, 16, 256)}}, top_logprobs: 16, tail_samples: 8 }
        filters: filters/default.yaml

        # About {{model.Student:N0}} parameters; the teacher has {{model.Parameters:N0}}.
        student: { architecture: llama, layers: {{model.Layers}}, width: {{model.Width}}, heads: {{Math.Max(2, model.Width / 32)}}, vocabulary: teacher }
        train:
          losses: [ { forward-kl: { weight: 0.7 } }, { cross-entropy: { weight: 0.3 } } ]
          epochs: 8
          tokens_per_batch: 2048
          learning_rate: 2e-3
        package: { quantize: [ f16, q8_0 ] }
        evaluate: { baseline: teacher-text, held_out: 200 }

        """);

    static string Quote(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
