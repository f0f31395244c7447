using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>A GGUF file that passed the gate.</summary>
/// <param name="Type"><c>f32</c>, <c>f16</c>, <c>q8_0</c>, …</param>
public sealed record PackagedFile(string Path, string Type, long Bytes, string Sha256, GateReport Gate);

/// <summary>What is to be made of a checkpoint.</summary>
/// <param name="Folder">Where the files go, as <c>{FileName}-{type}.gguf</c>.</param>
/// <param name="Types"><c>f32</c>, <c>f16</c>, <c>bf16</c>, or what llama.cpp's quantizer makes: <c>q8_0</c>, <c>q4_k_m</c>, …</param>
public sealed record PackagePlan(string CheckpointFolder, string Folder, string FileName, IReadOnlyList<string> Types, Origin Origin)
{
    /// <summary>What the student was trained to read: quantizing learns from it which columns matter. Empty for no importance matrix.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Calibration { get; init; } = [];

    /// <summary>Also for types that can do without, e.g. <c>q4_k_m</c>; else for those alone that want one, e.g. <c>iq3_m</c>.</summary>
    public bool WeighsAll { get; init; }

    public int Threads { get; init; } = 1;

    internal bool Weighs(string type) => Calibration.Count > 0 && (Quantizer.WantsImportance(type) || (WeighsAll && type is not ("f32" or "f16" or "bf16" or "q8_0")));
}

/// <summary>Exports, quantizes and checks a student. A file is called <c>.gguf.candidate</c> until it has passed.</summary>
/// <param name="reference">The checkpoint in float32, see <see cref="ExportGate"/>.</param>
/// <param name="tokenizer">The tokenizer that made the training ids.</param>
public sealed class StudentPackage(ILanguageModel reference, ITokenizer tokenizer, IProgressLog log)
{
    /// <exception cref="ForgeException">A file did not pass, or could not be written; none of the later ones was made.</exception>
    public async Task<IReadOnlyList<PackagedFile>> MakeAsync(PackagePlan plan, GateProbe probe, CancellationToken cancellationToken)
    {
        var export = new StudentExport(plan.CheckpointFolder);
        var gate = new ExportGate(reference, export.Vocabulary, tokenizer);
        var exact = Path.Combine(plan.Folder, plan.FileName + "-f32.gguf.source");
        var files = new List<PackagedFile>();
        ImportanceMatrix? importance = null;
        try
        {
            foreach (var type in plan.Types.Distinct(StringComparer.Ordinal))
            {
                log.Report("package", files.Count, plan.Types.Count, "files", type);
                var target = Path.Combine(plan.Folder, $"{plan.FileName}-{type}.gguf");
                if (plan.Weighs(type) && importance is null)
                {
                    WriteExact(export, plan.Origin, exact);
                    importance = await ImportanceMatrix.MeasureAsync(exact, plan.Calibration, plan.Threads, cancellationToken);
                    log.Say(FormattableString.Invariant($"importance matrix: {importance.Columns.Count} matrices on {importance.Tokens:N0} curated tokens"));
                }

                await WriteAsync(export, plan.Origin, target + ".candidate", type, exact, plan.Weighs(type) ? importance : null, cancellationToken);
                var report = await PassAsync(gate, target + ".candidate", type, probe, cancellationToken);
                DurableFile.Rename(target + ".candidate", target);
                log.Say(report.ToString());
                files.Add(new PackagedFile(target, type, new FileInfo(target).Length, Sha256.OfFile(target), report));
            }
        }
        finally
        {
            if (File.Exists(exact))
            {
                File.Delete(exact);
            }
        }

        log.Report("package", files.Count, files.Count, "files");
        return files;
    }

    // Quantizing starts from float32: from float16 every weight would be rounded twice.
    static async Task WriteAsync(StudentExport export, Origin origin, string path, string type, string exact, ImportanceMatrix? importance, CancellationToken cancellationToken)
    {
        GgmlType? own = type switch { "f32" => GgmlType.F32, "f16" => GgmlType.F16, "bf16" => GgmlType.BF16, _ => null };
        if (own is { } plain)
        {
            export.Write(path, plain, origin);
            return;
        }

        WriteExact(export, origin, exact);
        await Quantizer.QuantizeAsync(exact, path, type, cancellationToken, importance);
    }

    static void WriteExact(StudentExport export, Origin origin, string exact)
    {
        if (!File.Exists(exact))
        {
            export.Write(exact, GgmlType.F32, origin);
        }
    }

    static async Task<GateReport> PassAsync(ExportGate gate, string candidate, string type, GateProbe probe, CancellationToken cancellationToken)
    {
        gate.CheckFile(candidate);
        await using var model = await LlamaModel.OpenAsync(candidate, new LlamaOptions(Exact: true), cancellationToken);
        return await gate.CompareAsync(candidate, type, model, model, probe, cancellationToken);
    }
}
