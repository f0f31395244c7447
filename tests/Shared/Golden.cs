namespace DistillForge.TestSupport;

/// <summary>Approved output in <c>tests/Golden</c>. <c>FORGE_ACCEPT=1</c> rewrites it; read the difference before you commit it.</summary>
public static class Golden
{
    /// <param name="name">Relative to <c>tests/Golden</c>, e.g. <c>Packaging/model-card.md</c>.</param>
    public static void Check(string name, string actual)
    {
        var path = Path.Combine(Home.Root, "tests", "Golden", name);
        if (Environment.GetEnvironmentVariable("FORGE_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing; FORGE_ACCEPT=1 writes it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
