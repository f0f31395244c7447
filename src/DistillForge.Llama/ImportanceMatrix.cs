using DistillForge.Core;
using DistillForge.Llama.Client;
using DistillForge.Llama.Protocol;
using DistillForge.Models;

namespace DistillForge.Llama;

/// <summary>How strongly each column of each matrix is used: the mean square of what comes in there. The quantizer rounds columns that matter with more care.</summary>
/// <param name="Columns">Tensor → [columns].</param>
/// <param name="Tokens">That it was measured on.</param>
public sealed record ImportanceMatrix(IReadOnlyDictionary<string, float[]> Columns, long Tokens)
{
    /// <summary>Lets a model read token sequences in a worker process and notes what comes into its matrices, through llama.cpp's evaluation callback; the figures are those of llama-imatrix.</summary>
    /// <param name="gguf">Best in float32.</param>
    /// <param name="sequences">Each is read by itself, 512 tokens at a time at most.</param>
    /// <exception cref="ForgeException">The file cannot be loaded.</exception>
    public static async Task<ImportanceMatrix> MeasureAsync(string gguf, IReadOnlyList<IReadOnlyList<int>> sequences, int threads, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(gguf);
        GgufFile.Open(path).Dispose();
        await using var worker = new WorkerClient(WorkerAssembly.Find(given: null), Engine.Verify(), openBody: null);
        try
        {
            return await worker.AskAsync(FrameKind.MeasureImportance, to =>
            {
                to.Write(path);
                to.Write(threads);
                to.Write(sequences.Count);
                foreach (var sequence in sequences)
                {
                    to.WriteArray([.. sequence]);
                }
            }, static (frame, _) => Read(frame), cancellationToken);
        }
        catch (CompletionFailedException died)
        {
            throw new ForgeException(new Problem(path, $"cannot be read for its importance matrix: {died.Message}"), ExitCode.Unavailable, died);
        }
    }

    internal void Write(FrameWriter to)
    {
        to.Write(Columns.Count);
        foreach (var (name, columns) in Columns.OrderBy(tensor => tensor.Key, StringComparer.Ordinal))
        {
            to.Write(name);
            to.WriteArray(columns);
        }
    }

    static ImportanceMatrix Read(Frame frame)
    {
        var reader = Answers.Reader(frame, FrameKind.ImportanceMeasured);
        var tokens = reader.ReadLong();
        var columns = new Dictionary<string, float[]>(StringComparer.Ordinal);
        for (var left = reader.ReadInt(); left > 0; left--)
        {
            columns.Add(reader.ReadString(), reader.ReadFloats());
        }

        return new(columns, tokens);
    }
}
