using System.Diagnostics;
using System.Text.Json;

namespace DistillForge.TestSupport;

/// <summary>The scripts of <c>tests/npm</c>.</summary>
static class Node
{
    static readonly string Folder = Path.Combine(Home.Root, "tests", "npm");

    public static string? WhyNot { get; } = Directory.Exists(Path.Combine(Folder, "node_modules", "@duckdb")) ? null : "what tests need of npm is not there (./distillforge test brings it, or npm ci in tests/npm)";

    /// <returns>A value a line.</returns>
    public static async Task<IReadOnlyList<JsonElement>> RunAsync(IReadOnlyList<string> arguments, string script = "check.mjs")
    {
        using var process = Process.Start(new ProcessStartInfo("node", [script, .. arguments]) { WorkingDirectory = Folder, RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}

/// <summary>A fact that asks JavaScript; skipped, saying so, where npm's packages are not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = Node.WhyNot;
}

/// <summary>A fact that asks JavaScript about a file of <c>../shared</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeSharedFactAttribute : FactAttribute
{
    public NodeSharedFactAttribute(string path) => Skip = Node.WhyNot ?? new SharedFactAttribute(path).Skip;
}

/// <summary>A theory that asks JavaScript; skipped, saying so, where npm's packages are not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = Node.WhyNot;
}
