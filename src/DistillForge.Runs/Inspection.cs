using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Runs;

/// <summary>Looks into what a run made.</summary>
public static class Inspection
{
    public static IAsyncEnumerable<string> DescribeAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
        {
            return FolderAsync(path, cancellationToken);
        }

        if (!File.Exists(path))
        {
            throw new ForgeException(new Problem(path, "does not exist.", "Give a GGUF, a Parquet file or a run folder."));
        }

        return Path.GetExtension(path) == ".parquet" ? ParquetAsync(path, cancellationToken) : Gguf(path).ToAsyncEnumerable();
    }

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

    static async IAsyncEnumerable<string> FolderAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var manifests = Path.Combine(folder, "manifests");
        if (!Directory.Exists(manifests))
        {
            throw new ForgeException(new Problem(folder, "is no run folder: it has no manifests.", "Give a folder below runs/."));
        }

        foreach (var name in Directory.GetFiles(manifests, "*.json").Select(Path.GetFileNameWithoutExtension).Where(name => name != "hashes").Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Manifest.TryRead(folder, name!) is { } manifest)
            {
                yield return $"{manifest.Stage,-12} {string.Join("  ", manifest.Figures.Select(figure => $"{figure.Key} {Shown(figure.Value)}"))}";
            }
        }

        await Task.CompletedTask;
    }

    // Small figures keep two digits: an error of a thousandth is not the same as one of a millionth.
    static string Shown(double value) => Math.Abs(value) is > 0 and < 0.01 ? value.ToString("G2") : value.ToString("#,0.###");

    static async IAsyncEnumerable<string> ParquetAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var whole = Path.GetFullPath(path);
        var (table, folder) = ($"read_parquet('{whole.Replace("'", "''", StringComparison.Ordinal)}')", Path.GetDirectoryName(whole)!);
        foreach (var query in new[] { $"select count(*) as rows from {table}", $"select column_name, column_type from (describe select * from {table})", $"select * from {table} limit 3" })
        {
            foreach (var line in Lines(await Sql.QueryAsync(query, folder, cancellationToken)))
            {
                yield return line.Length > 400 ? line[..400] + "…" : line;
            }

            yield return "";
        }
    }

    static IEnumerable<string> Gguf(string path)
    {
        using var file = GgufFile.Open(path);
        foreach (var (key, value) in file.Metadata)
        {
            yield return $"{key} = {Shorten(value)}";
        }

        yield return "";
        yield return $"{file.Tensors.Count:N0} tensors, {file.ParameterCount:N0} parameters";
        foreach (var tensor in file.Tensors)
        {
            yield return $"  {tensor.Name,-32} {tensor.Type,-6} [{string.Join(", ", tensor.Shape)}]";
        }
    }

    static string Shorten(GgufValue value) => value.ToString() is { Length: > 200 } text ? $"{text[..200].ReplaceLineEndings(" ")}… ({text.Length:N0} characters)" : value.ToString().ReplaceLineEndings(" ");

    static IEnumerable<string> Lines(SqlTable table)
    {
        yield return string.Join('\t', table.Columns);
        foreach (var row in table.Rows)
        {
            yield return string.Join('\t', row.Select(cell => cell ?? "NULL"));
        }

        if (table.Truncated)
        {
            yield return "… and more";
        }
    }
}
