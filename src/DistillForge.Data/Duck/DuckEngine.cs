using DistillForge.Core;

namespace DistillForge.Data.Duck;

/// <summary>The DuckDB that is bound: which one, and where it lies.</summary>
public static class DuckEngine
{
    /// <summary>E.g. <c>1.5.6</c>.</summary>
    public static string Version => DuckDatabase.Version.TrimStart('v');

    public static string LibraryPath => Path.Combine(Home.Engines, "@duckdb", "node-bindings-linux-x64", "libduckdb.so");
}
