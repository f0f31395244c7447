namespace DistillForge.TestSupport;

/// <summary>Real models and data that lie beside the repository and are not copied into it.</summary>
public static class SharedFiles
{
    /// <summary><c>DISTILLFORGE_SHARED</c>, or <c>shared</c> beside the repository.</summary>
    public static string Root { get; } = Environment.GetEnvironmentVariable("DISTILLFORGE_SHARED") is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.GetFullPath(Path.Combine(Home.Root, "..", "shared"));

    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>Why a test that needs these files cannot run here; null when it can.</summary>
    public static string? WhyAbsent(string file) => File.Exists(PathOf(file)) || Directory.Exists(PathOf(file))
        ? null
        : $"{PathOf(file)} is not on this machine; DISTILLFORGE_SHARED can point at the folder that holds it";
}

/// <summary>A fact about a real file beside the repository; skipped, saying why, where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedFactAttribute : FactAttribute
{
    /// <param name="file">Relative to the shared folder, e.g. <c>models/stories260K/stories260K-f32.gguf</c>.</param>
    public SharedFactAttribute(string file) => Skip = SharedFiles.WhyAbsent(file);
}

/// <summary>A theory about a real file beside the repository; skipped, saying why, where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    /// <param name="file">Relative to the shared folder.</param>
    public SharedTheoryAttribute(string file) => Skip = SharedFiles.WhyAbsent(file);
}
