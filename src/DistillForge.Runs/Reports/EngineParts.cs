using System.Text.Json;
using DistillForge.Data;
using DistillForge.Data.Duck;
using DistillForge.Packaging;

namespace DistillForge.Runs.Reports;

/// <summary>The program's own parts, for a bill of materials: engines as they are loaded, packages as the build resolved them.</summary>
static class EngineParts
{
    public static IEnumerable<BillPart> All(FileHashes hashes)
    {
        // Each library was compared with the pinned hash before it was loaded.
        yield return new BillPart(BillKind.Library, "engine:llama.cpp", "llama.cpp", Llama.Engine.Version, "MIT")
        {
            Purl = $"pkg:npm/%40node-llama-cpp/linux-x64@{Llama.Engine.PackageVersion}",
            Parts = [.. Llama.Engine.Libraries.OrderBy(library => library.Key, StringComparer.Ordinal).Select(library => new BillPart(BillKind.File, $"engine:llama.cpp/{library.Key}", library.Key) { Sha256 = library.Value })],
        };
        yield return new BillPart(BillKind.Library, "engine:duckdb", "DuckDB", DuckEngine.Version, "MIT") { Sha256 = hashes.Of(DuckEngine.LibraryPath) };
        yield return new BillPart(BillKind.Library, "engine:libtorch", "libtorch", Torch.Engine.Version, "BSD-3-Clause");
    }

    /// <summary>.NET packages, with the SHA-512 of each as NuGet has it.</summary>
    public static IEnumerable<BillPart> Packages()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "distillforge.deps.json");
        if (!File.Exists(program))
        {
            return [];
        }

        using var resolved = JsonDocument.Parse(File.ReadAllBytes(program));
        return [.. resolved.RootElement.GetProperty("libraries").EnumerateObject().Where(library => library.Value.GetProperty("type").GetString() == "package").Select(Package).OrderBy(part => part.Ref, StringComparer.Ordinal)];
    }

    static BillPart Package(JsonProperty library)
    {
        var (name, version) = library.Name.Split('/') is [var first, var second] ? (first, second) : throw new InvalidDataException($"'{library.Name}' is no package");
        var hash = library.Value.GetProperty("sha512").GetString()!;
        return new BillPart(BillKind.Library, $"nuget:{library.Name}", name, version)
        {
            Purl = $"pkg:nuget/{name}@{version}",
            Sha512 = hash.StartsWith("sha512-", StringComparison.Ordinal) ? Convert.ToHexStringLower(Convert.FromBase64String(hash["sha512-".Length..])) : null,
        };
    }
}
