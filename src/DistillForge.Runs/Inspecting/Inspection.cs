using System.Runtime.CompilerServices;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Runs;

/// <summary>Looks into what a run made.</summary>
public static class Inspection
{
    /// <param name="survey">How rows are looked at.</param>
    /// <returns>For a terminal, line by line.</returns>
    /// <exception cref="ForgeException">Nothing is there that can be looked into.</exception>
    public static async IAsyncEnumerable<string> DescribeAsync(string path, Survey survey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsGguf(path))
        {
            foreach (var line in Gguf(path))
            {
                yield return line;
            }

            yield break;
        }

        var found = Place.Of(path);
        foreach (var stage in found.Stages ?? [])
        {
            yield return $"{stage.Stage,-12} {string.Join("  ", stage.Figures.Select(figure => $"{figure.Key} {Shown(figure.Value)}"))}";
        }

        if (found.Files.Count > 0)
        {
            foreach (var line in SurveyLines.Of(await survey.OfAsync(found.Files, found.Verdicts, cancellationToken), below: found.Stages is { Count: > 0 }))
            {
                yield return line;
            }
        }
    }

    /// <summary>The same as JSON: of a run the figures of its <c>stages</c> and its <c>rows</c>, of a dataset its <see cref="RowsSurvey"/>, of a GGUF <c>metadata</c> and <c>tensors</c>.</summary>
    /// <exception cref="ForgeException">Nothing is there that can be looked into.</exception>
    public static async Task<string> ToJsonAsync(string path, Survey survey, CancellationToken cancellationToken)
    {
        if (IsGguf(path))
        {
            using var file = GgufFile.Open(path);
            return JsonSerializer.Serialize(new
            {
                Parameters = file.ParameterCount,
                Metadata = file.Metadata.ToDictionary(pair => pair.Key, pair => Shorten(pair.Value)),
                Tensors = file.Tensors.Select(tensor => new { tensor.Name, Type = $"{tensor.Type}", tensor.Shape }),
            }, RowsSurvey.Json);
        }

        var found = Place.Of(path);
        var rows = found.Files.Count == 0 ? null : await survey.OfAsync(found.Files, found.Verdicts, cancellationToken);
        return found.Stages is { } stages
            ? JsonSerializer.Serialize(new { Stages = stages.ToDictionary(stage => stage.Stage, stage => stage.Figures), Rows = rows }, RowsSurvey.Json)
            : rows!.ToJson();
    }

    // A file of another ending is a GGUF, or its reader says what it is not.
    static bool IsGguf(string path) => File.Exists(path) && !TableFile.Endings.Contains(Path.GetExtension(path).ToLowerInvariant());

    public static async IAsyncEnumerable<string> QueryAsync(string sql, string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var line in Lines(await Sql.QueryAsync(sql, folder, cancellationToken)))
        {
            yield return line;
        }
    }

    public static async Task<string> AskAsync(string gguf, string? system, string question, Sampling sampling, CancellationToken cancellationToken)
    {
        await using var model = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Settings.Load().EffectiveThreads), cancellationToken);
        Message[] messages = system is null ? [Message.User(question)] : [Message.System(system), Message.User(question)];
        try
        {
            return (await model.CompleteAsync(new Prompt("", messages, Seed: 7), sampling, cancellationToken)).Text;
        }
        catch (CompletionFailedException error)
        {
            throw new ForgeException(new Problem("prompt", $"{error.Message} ({error.Code})."), inner: error);
        }
    }

    // Small figures keep two digits: an error of a thousandth is not the same as one of a millionth.
    static string Shown(double value) => Math.Abs(value) is > 0 and < 0.01 ? value.ToString("G2") : value.ToString("#,0.###");

    static IEnumerable<string> Gguf(string path)
    {
        using var file = GgufFile.Open(path);
        foreach (var (key, value) in file.Metadata)
        {
            yield return TerminalText.OnOneLine($"{key} = {Shorten(value)}");
        }

        yield return "";
        yield return $"{file.Tensors.Count:N0} tensors, {file.ParameterCount:N0} parameters";
        foreach (var tensor in file.Tensors)
        {
            yield return TerminalText.OnOneLine($"  {tensor.Name,-32} {tensor.Type,-6} [{string.Join(", ", tensor.Shape)}]");
        }
    }

    static string Shorten(GgufValue value) => value.ToString() is { Length: > 200 } text ? $"{text[..200].ReplaceLineEndings(" ")}… ({text.Length:N0} characters)" : value.ToString().ReplaceLineEndings(" ");

    static IEnumerable<string> Lines(SqlTable table)
    {
        yield return TerminalText.Harmless(string.Join('\t', table.Columns));
        foreach (var row in table.Rows)
        {
            yield return TerminalText.Harmless(string.Join('\t', row.Select(cell => cell ?? "NULL")));
        }

        if (table.Truncated)
        {
            yield return "… and more";
        }
    }
}
