using DistillForge.Models;

namespace DistillForge.Training.Devices;

/// <summary>Every architecture, hidden states and the gradient of every weight, in float32 and bfloat16.</summary>
static class Networks
{
    const int Rows = 3;
    const int Length = 40;

    public static ModelShape Shape(string architecture, int vocabulary = 97) => new()
    {
        Architecture = architecture,
        Layers = 2,
        Width = 64,
        Heads = 4,
        KeyValueHeads = architecture == "gpt2" ? 4 : 2,
        HeadSize = 16,
        FeedForward = 96,
        Vocabulary = vocabulary,
        Context = 64,
        TiedEmbeddings = true,
    };

    public static IEnumerable<Case> All()
    {
        foreach (var name in TrainingCatalog.Architectures.Names)
        {
            yield return new Case($"{name} Float32", 1e-4, device => Pass(name, Precision.Float32, device));
            yield return new Case($"{name} BFloat16", 3e-2, device => Pass(name, Precision.BFloat16, device));
        }
    }

    static IReadOnlyList<Tensor> Pass(string architecture, Precision precision, Device device)
    {
        var random = new Random(11);
        using var network = TrainingCatalog.Architectures.Create(architecture, options: null).Build(Shape(architecture), 5, device);
        network.Precision = precision;
        var tokens = Case.Ids(random, 97, Rows, Length).to(device);
        var positions = arange(1, Rows * Length, 2).to(device);
        var wanted = Case.Ids(random, 97, positions.shape[0]).to(device);
        var hidden = network.Hidden(tokens, positions);
        var targets = new TokenTargets(wanted, zeros_like(wanted, ScalarType.Float32), zeros([wanted.shape[0], 0], ScalarType.Int64, device), zeros([wanted.shape[0], 0], ScalarType.Float32, device), []);
        new Objective([new WeightedLoss("cross-entropy", TrainingCatalog.Losses.Create("cross-entropy", options: null), 1)]).Backward(hidden, network.Head, targets, 1, precision);
        return [hidden.detach().clone(), .. network.Weights.Select(weight => weight.Value.grad!.clone())];
    }
}
