using DistillForge.Core;

namespace DistillForge.Llama.Client;

/// <summary>Where the worker's program lies.</summary>
static class WorkerAssembly
{
    /// <exception cref="ForgeException">Not built.</exception>
    public static string Find(string? given)
    {
        var path = given ?? Path.Combine(Home.BuiltProject("DistillForge.LlamaWorker"), "distillforge-llama-worker.dll");
        return File.Exists(path) ? path : throw new ForgeException(new Problem(path, "the llama.cpp worker is not built.", "Run ./distillforge setup, or dotnet build."), ExitCode.Unavailable);
    }
}
