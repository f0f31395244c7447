using DistillForge.Core;
using Microsoft.Extensions.Configuration;

namespace DistillForge.Runs;

/// <summary>
/// What belongs to the machine and not to a recipe: <c>appsettings.json</c> &lt; <c>appsettings.Local.json</c> &lt; environment
/// (<c>DISTILLFORGE__THREADS</c>).
/// </summary>
public sealed record Settings
{
    /// <summary>For llama.cpp and libtorch; 0 takes every core.</summary>
    public int Threads { get; init; }

    /// <summary>What DuckDB may use before it spills to disk, e.g. <c>1GB</c>.</summary>
    public string DuckDbMemory { get; init; } = "1GB";

    public int EffectiveThreads => Threads > 0 ? Threads : Environment.ProcessorCount;

    public static Settings Load()
    {
        try
        {
            var configuration = new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(Home.Root, "appsettings.json"), optional: true)
                .AddJsonFile(Path.Combine(Home.Root, "appsettings.Local.json"), optional: true)
                .Build();
            var environment = new ConfigurationBuilder().AddEnvironmentVariables("DISTILLFORGE__").Build();
            return new ConfigurationBuilder().AddConfiguration(configuration.GetSection("DistillForge")).AddConfiguration(environment).Build().Get<Settings>() ?? new Settings();
        }
        catch (Exception error) when (error is InvalidDataException or InvalidOperationException)
        {
            throw new ForgeException(new Problem("appsettings.json", (error.InnerException ?? error).Message, "Mend it, or remove it to take the defaults."), inner: error);
        }
    }
}
