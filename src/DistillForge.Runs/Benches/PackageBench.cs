using System.Diagnostics;
using System.Runtime.InteropServices;
using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;

namespace DistillForge.Runs.Benches;

/// <summary>
/// A student's checkpoint becomes files: how fast, beside a plain sequential write of as many bytes to the same disk, and whether they are
/// what llama.cpp's own <c>llama-quantize</c> makes of the same float32 file.
/// </summary>
/// <remarks>Both are forced to disk (fsync) before the clock stops; the checkpoint is read from the page cache.</remarks>
[Component("package")]
public sealed class PackageBench : IBench
{
    const int BlockBytes = 4 << 20;

    // Written by us, or quantized; --pure gives every matrix the named type, a mixture some of them a finer one.
    static readonly (string Type, bool Pure)[] Types =
        [("f16", true), ("bf16", true), ("q8_0", true), ("q4_0", true), ("q6_k", true), ("q5_k_m", false), ("q4_k_m", false), ("q3_k_m", false), ("q2_k", false)];

    public string Purpose => "A checkpoint to GGUF files: bytes a second beside the disk's, and bytes beside llama-quantize's (--peer).";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var shape = SpeedModel.ShapeOf(request.Make ?? "100m-32k");
        using var folder = new BenchFolder(Path.Combine(Home.Root, ".artifacts", "bench", "package"));
        var checkpoint = Checkpoint(folder.In(request.Make ?? "100m-32k"), shape, log);
        var export = new StudentExport(checkpoint);
        var origin = new Origin("bench", License: null, BaseModel: null, DatasetSha256: null);
        GgmlType[] own = [GgmlType.F16, GgmlType.BF16, GgmlType.F32];
        var things = own.SelectMany(type => new Func<Task<double>>[]
        {
            () => Task.FromResult(Rate(folder.In($"{type}.gguf"), path => export.Write(path, type, origin))),
            () => Task.FromResult(Rate(folder.In("plain"), path => Plain(path, new FileInfo(folder.In($"{type}.gguf")).Length))),
        }).ToList();
        var seen = await Rounds.AllAsync(request.Rounds > 0 ? request.Rounds : 5, "package", log, things, cancellationToken);
        var rates = seen.Select(Rounds.Median).ToArray();
        var identical = await IdenticalAsync(request, folder, shape, log, cancellationToken);
        return Beside(0) with { Details = [Beside(1), Beside(2), .. identical] };

        // The ratio is the median of the rounds': what disturbs the disk in one round disturbs both.
        Measurement Beside(int type)
        {
            var ratio = Rounds.Median(seen[2 * type].Zip(seen[(2 * type) + 1], (ours, disk) => ours / disk));
            return Measurement.Beside($"package {own[type].ToString().ToLowerInvariant()}", rates[2 * type], "MB/s", Better.Higher, "plain write of as many bytes, fsync", rates[(2 * type) + 1]) with { Ratio = ratio };
        }
    }

    static double Rate(string path, Action<string> write)
    {
        File.Delete(path);
        var start = Stopwatch.GetTimestamp();
        write(path);
        return new FileInfo(path).Length / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static void Plain(string path, long bytes)
    {
        var block = new byte[BlockBytes];
        new Random(3).NextBytes(block);
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        for (; bytes > 0; bytes -= block.Length)
        {
            file.Write(block, 0, (int)Math.Min(bytes, block.Length));
        }

        file.Flush(flushToDisk: true);
    }

    static async Task<List<Measurement>> IdenticalAsync(BenchRequest request, BenchFolder folder, ModelShape shape, IProgressLog log, CancellationToken cancellationToken)
    {
        var figures = new List<Measurement>();
        foreach (var (type, pure) in request.Peer is null ? [] : Types)
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.Report("llama-quantize", figures.Count, Types.Length, "types", type);
            var (ours, theirs) = (folder.In($"ours-{type}.gguf"), folder.In($"theirs-{type}.gguf"));
            await OursAsync(folder, shape, type, pure, ours, cancellationToken);
            await LlamaQuantize.RunAsync(request.Peer!, folder.In("F32.gguf"), theirs, type, pure, request.EffectiveThreads, cancellationToken);
            var (same, all) = Same(ours, theirs);
            figures.Add(Measurement.Beside($"{type}{(pure ? " --pure" : "")} tensors equal to llama-quantize's", same, "tensors", Better.Higher, "all", all));
            File.Delete(ours);
            File.Delete(theirs);
        }

        return figures;
    }

    // As `package` makes them: ours in one pass from the checkpoint, the others by llama.cpp's quantizer.
    static async Task OursAsync(BenchFolder folder, ModelShape shape, string type, bool pure, string path, CancellationToken cancellationToken)
    {
        if (type is "f16" or "bf16")
        {
            File.Copy(folder.In(type == "f16" ? "F16.gguf" : "BF16.gguf"), path, overwrite: true);
        }
        else
        {
            await Quantizer.QuantizeAsync(folder.In("F32.gguf"), path, type, cancellationToken, pure: pure);
        }
    }

    static (int Same, int All) Same(string ours, string theirs)
    {
        using var a = GgufFile.Open(ours);
        using var b = GgufFile.Open(theirs);
        return (a.Tensors.Count(tensor => b.Find(tensor.Name) is { } other && other.Type == tensor.Type && other.Shape.SequenceEqual(tensor.Shape) && a.Data(tensor).SequenceEqual(b.Data(other))), Math.Max(a.Tensors.Count, b.Tensors.Count));
    }

    static string Checkpoint(string path, ModelShape shape, IProgressLog log)
    {
        if (!File.Exists(Path.Combine(path, "model.safetensors")))
        {
            log.Say($"making {path}: {shape.Parameters / 1_000_000} M random weights");
            Directory.CreateDirectory(path);
            var vocabulary = SpeedModel.Letters(shape.Vocabulary);
            vocabulary.Write(Path.Combine(path, "vocabulary.gguf"));
            File.WriteAllText(Path.Combine(path, "config.json"), HuggingFaceConfig.Write(shape));
            var random = new Random(7);
            SafetensorsWriter.Write(Path.Combine(path, "model.safetensors"), [.. TensorNames.Of(shape).Select(tensor => new SafetensorsSource(tensor.HuggingFace, SafetensorsType.F32, tensor.TorchShape, to => Fill(to, tensor, random)))]);
        }

        return path;
    }

    static void Fill(Stream to, NamedTensor tensor, Random random)
    {
        var row = new float[tensor.Columns];
        for (var i = 0; i < tensor.Rows; i++)
        {
            for (var j = 0; j < row.Length; j++)
            {
                // Of two: nearly normal, and never beyond what half precision holds.
                row[j] = tensor.IsVector ? 1 : (random.NextSingle() + random.NextSingle() - 1) / MathF.Sqrt(tensor.Columns);
            }

            to.Write(MemoryMarshal.AsBytes<float>(row));
        }
    }
}

/// <summary>llama.cpp's own <c>llama-quantize</c>, as a user built it.</summary>
static class LlamaQuantize
{
    /// <exception cref="ForgeException">The program cannot be run, or fails.</exception>
    public static async Task RunAsync(string program, string source, string target, string type, bool pure, int threads, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.GetFullPath(program), [.. pure ? ["--pure"] : Array.Empty<string>(), source, target, type.ToUpperInvariant(), $"{threads}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LD_LIBRARY_PATH"] = $"{Path.GetDirectoryName(Path.GetFullPath(program))}:{Environment.GetEnvironmentVariable("LD_LIBRARY_PATH")}";
        using var process = Start(start, program);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new ForgeException(new Problem(program, $"failed with {process.ExitCode}: {(await errors + await said).Trim().Split('\n')[^1]}", "Give a llama-quantize of llama.cpp v0.5.0."));
        }
    }

    static Process Start(ProcessStartInfo start, string program)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ForgeException(new Problem(program, $"cannot be run: {e.Message}", "Give the path of a llama-quantize."), inner: e);
        }
    }
}
