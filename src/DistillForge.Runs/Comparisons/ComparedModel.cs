using DistillForge.Core;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs.Comparisons;

/// <summary>One of the models that are compared, by a name that none of the others has.</summary>
/// <param name="Run">The run folder that it came from; null for a file.</param>
sealed record ComparedModel(string Name, string Gguf, string? Run)
{
    /// <exception cref="ForgeException">Neither a GGUF nor a finished run.</exception>
    public static IReadOnlyList<ComparedModel> Find(IReadOnlyList<string> paths)
    {
        var models = new List<ComparedModel>();
        foreach (var path in paths)
        {
            var model = Directory.Exists(path) ? OfRun(path) : new ComparedModel(Path.GetFileNameWithoutExtension(path), Path.GetFullPath(path), null);
            models.Add(model with { Name = NewName(model.Name, [.. models.Select(other => other.Name)]) });
        }

        return models;
    }

    /// <summary>This name, or with a number behind it where it is taken: <c>student (2)</c>.</summary>
    internal static string NewName(string name, IReadOnlyCollection<string> taken)
        => Enumerable.Range(2, taken.Count).Select(number => $"{name} ({number})").Prepend(name).First(free => !taken.Contains(free));

    static ComparedModel OfRun(string folder)
    {
        var path = Path.GetFullPath(folder);
        var files = Path.Combine(path, PackagedFiles.Name);
        return File.Exists(files) && PackagedFiles.Read(files) is [var first, ..]
            ? new ComparedModel(Path.GetFileName(path.TrimEnd(Path.DirectorySeparatorChar)), Path.Combine(path, Path.GetFileName(first.Path)), path)
            : throw new ForgeException(new Problem(folder, "is a folder without packaged models.", "Name a finished run, or a GGUF file."));
    }
}
