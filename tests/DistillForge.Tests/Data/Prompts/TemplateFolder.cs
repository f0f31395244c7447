using DistillForge.Data.Prompts;

namespace DistillForge.Tests.Data.Prompts;

/// <summary>A folder of its own for the files of one test.</summary>
sealed class TemplateFolder : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("forge-template-");

    public string Write(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    public PromptTemplate Load(string yaml) => PromptTemplate.Load(Write("test.prompt.yaml", yaml));

    public void Dispose() => folder.Delete(recursive: true);
}
