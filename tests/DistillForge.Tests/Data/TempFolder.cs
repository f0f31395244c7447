namespace DistillForge.Tests.Data;

/// <summary>A folder for one test, removed afterwards.</summary>
sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("forge-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <returns>The file's full path.</returns>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
