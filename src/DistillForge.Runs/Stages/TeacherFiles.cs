using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>The files behind a recipe's teachers, for manifests.</summary>
static class TeacherFiles
{
    /// <summary>One teacher is called <c>teacher</c>, several by their names.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(RunContext run)
    {
        foreach (var teacher in run.Teachers)
        {
            var name = run.Recipe.Teachers is null ? "teacher" : $"teacher {teacher.DisplayName}";
            foreach (var (file, what) in new[] { (teacher.Gguf, name), (teacher.Lora, $"{name} lora"), (teacher.Tokenizer, $"{name} tokenizer") })
            {
                if (file is not null)
                {
                    yield return new(what, file.Path);
                }
            }
        }
    }

    /// <summary>Whether the heads of all model files of teachers, judges and who rewords questions can be read: before anything is drawn, asked or written.</summary>
    /// <exception cref="ForgeException">One is no GGUF, or a hostile one.</exception>
    public static void CheckReadable(RunContext run)
    {
        foreach (var path in run.Asked.SelectMany(source => new[] { source.Gguf, source.Lora, source.Tokenizer }).OfType<RecipeFile>().Select(file => file.Path).Distinct())
        {
            GgufFile.Open(path).Dispose();
        }
    }

    /// <summary>What answers must follow.</summary>
    public static IEnumerable<KeyValuePair<string, string>> OfConstraints(GenerateSettings generate)
        => new[] { ("grammar", generate.Grammar), ("json schema", generate.JsonSchema) }.Where(file => file.Item2 is not null).Select(file => new KeyValuePair<string, string>(file.Item1, file.Item2!.Path));

    /// <summary>Rows of several teachers train one student only where they speak the same ids.</summary>
    /// <exception cref="ForgeException">They do not.</exception>
    public static void CheckVocabularies(RunContext run)
    {
        if (!run.LearnsFromTraces || run.Teachers.Count < 2)
        {
            return;
        }

        var spoken = run.Teachers.Select(teacher => (teacher.DisplayName, Fingerprint: FingerprintOf((teacher.Gguf ?? teacher.Tokenizer)!.Path))).ToList();
        if (spoken.DistinctBy(teacher => teacher.Fingerprint).Count() > 1)
        {
            throw new ForgeException(run.Recipe.Path, [new Problem("teachers", $"speak different vocabularies ({string.Join(", ", spoken.Select(teacher => $"{teacher.DisplayName}: {teacher.Fingerprint[..12]}"))}), so their token ids do not train one student.", "Take models of one family, or write 'targets: text-only' under train.")]);
        }
    }

    static string FingerprintOf(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        return Vocabulary.FromGguf(file).Fingerprint;
    }
}

/// <summary>Who an API teacher is.</summary>
static class ApiIdentity
{
    /// <summary>As <see cref="Core.ITeacher.Identity"/> says it: further endpoints serve the same model and are no part of it.</summary>
    public static string Of(TeacherSource teacher) => $"{new Uri(teacher.Api!).AbsoluteUri.TrimEnd('/')}#{teacher.Model}";
}
