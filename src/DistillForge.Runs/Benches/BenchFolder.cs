namespace DistillForge.Runs.Benches;

/// <summary>Where a bench keeps what it makes: the user's folder, which stays, or one that goes when the bench is done.</summary>
sealed class BenchFolder : IDisposable
{
    readonly string scratch = Directory.CreateTempSubdirectory("distillforge-bench-").FullName;

    /// <param name="kept">Null keeps nothing.</param>
    public BenchFolder(string? kept)
    {
        Path = kept is null ? scratch : System.IO.Path.GetFullPath(kept);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A folder for one training.</summary>
    public string NewScratch() => Directory.CreateDirectory(System.IO.Path.Combine(scratch, Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);
}
