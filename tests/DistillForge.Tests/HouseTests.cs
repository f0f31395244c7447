using System.Xml.Linq;

namespace DistillForge.Tests;

/// <summary>The table of references in src/README.md is the rule; this reads the project files and fails on any other arrow.</summary>
public class HouseTests
{
    // Beside Core, which everybody may reference.
    static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Core"] = [],
        ["Models"] = [],
        ["Text"] = ["Models"],
        ["Llama"] = ["Models", "Text"],
        ["LlamaWorker"] = ["Llama"],
        ["Torch"] = [],
        ["Data"] = ["Models", "Text"],
        ["Teachers"] = ["Data", "Text", "Llama"],
        ["Filters"] = ["Data", "Text"],
        ["Training"] = ["Data", "Text", "Models", "Torch"],
        ["Evaluation"] = ["Data", "Text"],
        ["Packaging"] = ["Data", "Text", "Models", "Llama"],
        ["Serving"] = ["Text"],
        ["Runs"] = ["Models", "Text", "Llama", "Torch", "Data", "Teachers", "Filters", "Training", "Evaluation", "Packaging", "Serving"],
        ["Cli"] = ["Runs"],
        ["Studio"] = ["Runs"],
    };

    static string Source => Path.Combine(Home.Root, "src");

    [Fact]
    public void Every_project_references_only_what_the_table_allows()
    {
        var projects = Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories);
        Assert.True(projects.Length >= 14, $"found only {projects.Length} projects under {Source}");

        var foreign = projects.SelectMany(project => Arrows(project).Select(arrow => (From: NameOf(project), To: arrow)))
            .Where(arrow => arrow.To != "Core" && !(Allowed.TryGetValue(arrow.From, out var allowed) && allowed.Contains(arrow.To)))
            .Select(arrow => $"{arrow.From} -> {arrow.To}");

        Assert.Empty(foreign);
    }

    [Fact]
    public void Core_uses_the_base_class_library_only()
    {
        var packages = XDocument.Load(Path.Combine(Source, "DistillForge.Core", "DistillForge.Core.csproj")).Descendants("PackageReference");

        Assert.Empty(packages);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Home.Root, "DistillForge.sln"));
        var projects = Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Path.Combine(Home.Root, "tests"), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetFileName(path)!)
            .ToList();
        Assert.NotEmpty(projects);

        Assert.All(projects, project => Assert.Contains(project, solution, StringComparison.Ordinal));
    }

    // A reference with ReferenceOutputAssembly=false only orders the build: the worker is started, never loaded.
    static IEnumerable<string> Arrows(string project)
        => XDocument.Load(project).Descendants("ProjectReference")
            .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
            .Select(reference => NameOf(((string?)reference.Attribute("Include"))!.Replace('\\', '/')));

    static string NameOf(string project) => Path.GetFileNameWithoutExtension(project)["DistillForge.".Length..];
}
