namespace DistillForge.TestSupport;

/// <summary>A folder of a test's own, gone with it.</summary>
public sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("distillforge-test-").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>Writes a file and returns its path.</summary>
    public string Put(string name, byte[] bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    /// <summary>Writes a text and returns its path; folders on the way are made.</summary>
    public string Put(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
