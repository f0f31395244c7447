using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Training.Pretrained;

namespace DistillForge.Training.Adapters;

/// <summary>Which adapters a frozen model gets.</summary>
/// <param name="Targets">Matrices as GGUF names them, <c>attn_q</c>, <c>ffn_up</c>, …; empty: every matrix of a layer.</param>
/// <param name="Base">In which type the frozen matrices of the layers are kept.</param>
public sealed record LoraPlan(int Rank, double Alpha, double Dropout, IReadOnlyList<string> Targets, Precision Base);

/// <summary>Frozen weights with adapters beside them.</summary>
public static class Lora
{
    /// <summary>Settings beside an adapter's weights, in the words of Hugging Face's PEFT.</summary>
    public const string ConfigFile = "adapter_config.json";

    const string Prefix = "base_model.model.";

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Names of an adapter's two matrices, as PEFT has them.</summary>
    public static (string A, string B) Names(string weight)
        => ($"{Prefix}{weight[..^".weight".Length]}.lora_A.weight", $"{Prefix}{weight[..^".weight".Length]}.lora_B.weight");

    /// <exception cref="ForgeException">A target is no matrix of the model.</exception>
    public static Network Build(PretrainedWeights weights, LoraPlan plan, long seed, Device device)
    {
        var targets = Targets(weights.Shape, plan.Targets);
        var network = weights.Build(device, Learning.Frozen);
        foreach (var weight in network.Weights.Where(weight => weight.Name.Contains("layers.", StringComparison.Ordinal) || weight.Name.Contains(".h.", StringComparison.Ordinal)))
        {
            if (targets.TryGetValue(weight.Name, out var tensor))
            {
                weight.Adapter = Adapter(tensor, plan, seed, device);
            }

            if (plan.Base == Precision.BFloat16 && weight.Value.dim() == 2)
            {
                weight.Store(ScalarType.BFloat16);
            }
        }

        return new AdaptedNetwork(network, seed);
    }

    /// <summary>Writes a folder with the weights as they became: W + scale · B · A, in float32.</summary>
    /// <param name="trained">A checkpoint of the adapters.</param>
    /// <param name="folder">Gets <c>model.safetensors</c>, <c>config.json</c>, <c>vocabulary.gguf</c> and the training curve.</param>
    public static void Merge(PretrainedWeights weights, LoraPlan plan, string trained, string folder)
    {
        using var network = (AdaptedNetwork)Build(weights, plan with { Base = Precision.Float32 }, seed: 0, CPU);
        Checkpoint.ReadWeights(trained, network);
        Directory.CreateDirectory(folder);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. network.Inner.Weights.Select(weight =>
            Checkpoint.Source(weight.Name, weight.Adapter is { } adapter ? weight.Value + adapter.Product() : weight.Value, weight.Transposed))]);
        foreach (var name in new[] { "config.json", "vocabulary.gguf", "training.json" })
        {
            File.Copy(Path.Combine(trained, name), Path.Combine(folder, name), overwrite: true);
        }

        var config = new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["r"] = plan.Rank,
            ["lora_alpha"] = plan.Alpha,
            ["lora_dropout"] = plan.Dropout,
            ["bias"] = "none",
            ["target_modules"] = new JsonArray([.. Targets(weights.Shape, plan.Targets).Keys.Select(name => (JsonNode)name.Split('.')[^2]).DistinctBy(node => node.ToString())]),
        };
        DurableFile.Write(Path.Combine(trained, ConfigFile), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(config.ToJsonString(Indented) + "\n")));
    }

    // Hugging Face name → the matrix that gets an adapter.
    static Dictionary<string, NamedTensor> Targets(ModelShape shape, IReadOnlyList<string> names)
    {
        static string Stem(NamedTensor tensor) => tensor.Gguf.Split('.')[2];
        var matrices = TensorNames.Of(shape).Where(tensor => !tensor.IsVector && tensor.Gguf.StartsWith("blk.", StringComparison.Ordinal)).ToList();
        var known = matrices.Select(Stem).Distinct().ToList();
        return names.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? throw new ForgeException(new Problem("student.lora.targets", $"names '{unknown}', but a {shape.Architecture} has {string.Join(", ", known)}.", NearName.Suggest(unknown, known) ?? "Name some of these."))
            : matrices.Where(tensor => names.Count == 0 || names.Contains(Stem(tensor))).ToDictionary(tensor => tensor.HuggingFace);
    }

    static LowRank Adapter(NamedTensor tensor, LoraPlan plan, long seed, Device device)
    {
        var (a, b) = Names(tensor.HuggingFace);
        // As wide a spread as PEFT's own start has.
        return new LowRank(
            Initialisation.Normal(a, plan.Rank, tensor.Columns, 1 / Math.Sqrt(3.0 * tensor.Columns), seed, device),
            Initialisation.Normal(b, tensor.Rows, plan.Rank, 0, Initialisation.Unset, device),
            plan.Alpha / plan.Rank,
            plan.Dropout);
    }
}

/// <summary>A frozen network whose adapters are all that is trained.</summary>
sealed class AdaptedNetwork : Network
{
    readonly long seed;

    public AdaptedNetwork(Network inner, long seed)
    {
        (Inner, this.seed) = (inner, seed);
        Weights = [.. inner.Weights.Select(weight => weight.Adapter).OfType<LowRank>().SelectMany(adapter => new[] { adapter.A, adapter.B })];
    }

    public Network Inner { get; }

    public override IReadOnlyList<Weight> Weights { get; }

    public override Weight Embedding => Inner.Embedding;

    public override Tensor Head => Inner.Head;

    public override void BeginStep(long step) => manual_seed(Seeds.Derive(seed, "dropout", step.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    public override Tensor Hidden(Tensor tokens, Tensor positions)
    {
        (Inner.Precision, Inner.Inside, Inner.Layout, Inner.Recomputes) = (Precision, Inside, Layout, Recomputes);
        var hidden = Inner.Hidden(tokens, positions);
        Inner.Inside = null;
        return hidden;
    }

    public override void FinishBackward() => Inner.FinishBackward();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Inner.Dispose();
    }
}
