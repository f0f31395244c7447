using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training;

/// <summary>
/// A folder that holds all of a training run's state. <c>state.json</c> comes last and names the checksum of each other file:
/// without it, or when one differs, the folder is no checkpoint.
/// </summary>
public static class Checkpoint
{
    const string Weights = "model.safetensors";
    const string Moments = "optimizer.safetensors";
    const string Projections = "projections.safetensors";
    const string Average = "average.safetensors";
    const string Best = "best.safetensors";
    const string Curve = "training.json";
    const string StateFile = "state.json";

    /// <summary>2: says whether training ended.</summary>
    const int Format = 2;

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>What <c>state.json</c> holds.</summary>
    /// <param name="Plan">See <see cref="Preflight.Fingerprint"/>.</param>
    /// <param name="Step">Steps done. With the seed it is the random state and the place in the data: both are derived from them.</param>
    /// <param name="Steps">Steps of the whole run; the schedule depends on it.</param>
    /// <param name="Finished">Nothing is left to do, whether all steps were done or the held-out rows said enough.</param>
    /// <param name="Self">Checksum of all this.</param>
    public sealed record State(int Format, string Plan, long Seed, long Step, long Steps, bool Finished, IReadOnlyDictionary<string, string> Sha256, string Self = "");

    /// <summary>A finished checkpoint: every file whole or not at all, the one that makes it a checkpoint last.</summary>
    public static void Write(string folder, TrainingPlan plan, string fingerprint, long steps, Network network, AdamW optimizer, TrainingCurve curve)
        => Write(folder, plan, fingerprint, steps, network, optimizer, curve, weights: null);

    /// <param name="weights">What else must be known to go on; null when training has ended.</param>
    internal static void Write(string folder, TrainingPlan plan, string fingerprint, long steps, Network network, AdamW optimizer, TrainingCurve curve, StudentWeights? weights)
    {
        Directory.CreateDirectory(folder);
        File.Delete(Path.Combine(folder, StateFile));
        string[] files = [.. Tensors(folder, network, optimizer, weights), "config.json", "vocabulary.gguf", Curve];
        Write(folder, "config.json", System.Text.Encoding.UTF8.GetBytes(HuggingFaceConfig.Write(plan.Shape, plan.Vocabulary.Bos, plan.Vocabulary.Eos)));
        plan.Vocabulary.Write(Path.Combine(folder, "vocabulary.gguf"));
        Write(folder, Curve, curve.ToJson());
        var sums = files.ToDictionary(name => name, name => Sha256.OfFile(Path.Combine(folder, name)));
        var state = new State(Format, fingerprint, plan.Seed, optimizer.StepsDone, steps, weights is null, sums);
        Write(folder, StateFile, Whole(state));
    }

    // The names of the files that were written.
    static IEnumerable<string> Tensors(string folder, Network network, AdamW optimizer, StudentWeights? weights)
    {
        string File(string name, IEnumerable<SafetensorsSource> tensors)
        {
            SafetensorsWriter.Write(Path.Combine(folder, name), [.. tensors]);
            return name;
        }

        IEnumerable<SafetensorsSource> Like(Tensor[] values) => network.Weights.Select((weight, i) => Source(weight.Name, values[i]));

        yield return File(Weights, network.Weights.Select(weight => Source(weight.Name, weight.Value, weight.Transposed)));
        yield return File(Moments, optimizer.Weights.SelectMany((weight, i) => new[] { Source($"{weight.Name}.mean", optimizer.Mean[i]), Source($"{weight.Name}.variance", optimizer.Variance[i]) }));
        // Learned beside the student, and no part of it.
        if (optimizer.Weights.Except(network.Weights).ToList() is { Count: > 0 } projections)
        {
            yield return File(Projections, projections.Select(weight => Source(weight.Name, weight.Value)));
        }

        if (weights?.Average is { } average)
        {
            yield return File(Average, Like(average));
        }

        if (weights?.Best is { } best)
        {
            yield return File(Best, Like(best));
        }
    }

    /// <summary>The state of a whole checkpoint; null when there is none.</summary>
    /// <exception cref="ForgeException">It is damaged: which file.</exception>
    public static State? Verify(string folder)
    {
        var path = Path.Combine(folder, StateFile);
        if (!File.Exists(path))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(path);
        State state;
        try
        {
            state = JsonSerializer.Deserialize<State>(bytes, Json) ?? throw new JsonException("is null");
        }
        catch (JsonException e)
        {
            throw Damaged(path, "is no training state", e);
        }

        // Every byte: a blank that became a tab is a damaged disk, too.
        if (state.Sha256 is null || !Whole(state).AsSpan().SequenceEqual(bytes))
        {
            throw Damaged(path, state is { Format: < Format, Sha256: not null } ? "is of an earlier version" : "is not what was written: its checksum differs");
        }

        foreach (var (name, sum) in state.Sha256)
        {
            var file = Path.Combine(folder, Path.GetFileName(name));
            if (!File.Exists(file) || Sha256.OfFile(file) != sum)
            {
                throw Damaged(file, File.Exists(file) ? "is not what was written: its checksum differs" : "is missing");
            }
        }

        return state;
    }

    /// <summary>Continues from a verified checkpoint.</summary>
    internal static TrainingCurve Restore(string folder, State state, Network network, AdamW optimizer, StudentWeights weights)
    {
        ReadWeights(folder, network);
        optimizer.StepsDone = state.Step;
        if (state.Finished)
        {
            return ReadCurve(folder);
        }

        if (weights.Average is { } average)
        {
            Load(folder, Average, network, average);
        }

        if (state.Sha256.ContainsKey(Best))
        {
            Load(folder, Best, network, weights.RestoreBest());
        }
        using var moments = SafetensorsFile.Open(Path.Combine(folder, Moments));
        for (var i = 0; i < optimizer.Weights.Count; i++)
        {
            Load(moments, $"{optimizer.Weights[i].Name}.mean", optimizer.Mean[i]);
            Load(moments, $"{optimizer.Weights[i].Name}.variance", optimizer.Variance[i]);
        }

        if (optimizer.Weights.Except(network.Weights).ToList() is { Count: > 0 } projections)
        {
            using var file = SafetensorsFile.Open(Path.Combine(folder, Projections));
            projections.ForEach(weight => Load(file, weight.Name, weight.Value));
        }

        return ReadCurve(folder);
    }

    public static TrainingCurve ReadCurve(string folder) => TrainingCurve.FromJson(File.ReadAllBytes(Path.Combine(folder, Curve)));

    /// <summary>Fills a network from <c>model.safetensors</c>, ours or anybody's of the same architecture.</summary>
    public static void ReadWeights(string folder, Network network)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, Weights));
        foreach (var weight in network.Weights)
        {
            Load(file, weight.Alias is { } alias && !file.Contains(weight.Name) ? alias : weight.Name, weight.Value, weight.Transposed);
        }
    }

    static void Load(string folder, string name, Network network, Tensor[] values)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, name));
        for (var i = 0; i < values.Length; i++)
        {
            Load(file, network.Weights[i].Name, values[i]);
        }
    }

    static void Load(SafetensorsFile file, string name, Tensor target, bool transposed = false)
    {
        var source = file.Tensor(name);
        var shape = transposed ? [.. target.shape.Reverse()] : target.shape;
        if (!source.Shape.SequenceEqual(shape))
        {
            throw new ModelFileException(file.Path, $"tensor '{name}'", $"is [{string.Join(", ", source.Shape)}], but [{string.Join(", ", shape)}] is needed.");
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var stored = tensor(file.Floats(source), shape);
        target.copy_(transposed ? stored.t() : stored);
    }

    internal static SafetensorsSource Source(string name, Tensor value, bool transposed = false)
    {
        using var scope = NewDisposeScope();
        var stored = transposed ? value.detach().t().contiguous() : value.detach();
        return SafetensorsSource.Of(name, stored.shape, stored.cpu().data<float>().ToArray());
    }

    // The file's bytes, its own checksum included.
    static byte[] Whole(State state)
        => JsonSerializer.SerializeToUtf8Bytes(state with { Self = Sha256.OfBytes(JsonSerializer.SerializeToUtf8Bytes(state with { Self = "" }, Json)) }, Json);

    static void Write(string folder, string name, byte[] bytes) => DurableFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));

    static ForgeException Damaged(string file, string what, Exception? inner = null) => new(new Problem(file, $"{what}."), inner: inner);
}
