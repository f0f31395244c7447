using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Pretrained;

/// <summary>How many of a model's parts are to stay; 0 keeps all.</summary>
/// <param name="Layers">Which, where somebody said so; else empty, and <paramref name="LayerCount"/> are chosen.</param>
public sealed record PartsWanted(IReadOnlyList<int> Layers, int LayerCount = 0, int Width = 0, int Heads = 0, int FeedForward = 0);

/// <summary>Which of a model's parts stay, each list ascending.</summary>
/// <param name="KeyHeads">Heads of keys and values, with all queries that share one, by kept layer.</param>
/// <param name="Neurons">By kept layer.</param>
public sealed record Parts(IReadOnlyList<int> Layers, IReadOnlyList<int> Channels, IReadOnlyList<IReadOnlyList<int>> KeyHeads, IReadOnlyList<IReadOnlyList<int>> Neurons)
{
    /// <summary>The most important ones of each kind.</summary>
    /// <exception cref="ForgeException">More is wanted than there is, or the parts do not fit each other.</exception>
    public static Parts Choose(ModelShape shape, PartsWanted wanted, Importance importance)
    {
        Check(shape, wanted);
        var group = shape.Heads / shape.KeyValueHeads;
        // GPT-2's heads are together as wide as the model.
        var heads = wanted.Heads > 0 ? wanted.Heads : shape.Architecture == "gpt2" && wanted.Width > 0 ? wanted.Width / shape.HeadSize : shape.Heads;
        var layers = wanted.Layers.Count > 0 ? wanted.Layers : Most(importance.Layers, wanted.LayerCount);
        return new Parts(
            layers,
            Most(importance.Channels, wanted.Width),
            [.. layers.Select(layer => Most([.. importance.Heads[layer].Chunk(group).Select(shared => shared.Sum())], heads / group))],
            [.. layers.Select(layer => Most(importance.Neurons[layer], wanted.FeedForward))]);
    }

    /// <summary>What the model's shape becomes.</summary>
    public ModelShape Of(ModelShape shape) => shape with
    {
        Layers = Layers.Count,
        Width = Channels.Count,
        KeyValueHeads = KeyHeads[0].Count,
        Heads = KeyHeads[0].Count * (shape.Heads / shape.KeyValueHeads),
        FeedForward = Neurons[0].Count,
    };

    static void Check(ModelShape shape, PartsWanted wanted)
    {
        const string Where = "student.from_teacher.";
        var group = shape.Heads / shape.KeyValueHeads;
        (string Key, bool Fits, string What)[] rules =
        [
            ("keep_layers", wanted.Layers.All(layer => layer < shape.Layers), $"names layer {wanted.Layers.DefaultIfEmpty(0).Max()}, but the teacher's are 0 to {shape.Layers - 1}."),
            ("layers", wanted.LayerCount <= shape.Layers, $"is {wanted.LayerCount}, but the teacher has {shape.Layers}."),
            ("width", wanted.Width <= shape.Width, $"is {wanted.Width}, but the teacher's is {shape.Width}."),
            ("heads", wanted.Heads <= shape.Heads && wanted.Heads % group == 0, $"is {wanted.Heads}, but the teacher has {shape.Heads}, of which {group} share a key: a multiple of {group} can stay."),
            ("feed_forward", wanted.FeedForward <= shape.FeedForward, $"is {wanted.FeedForward}, but the teacher's is {shape.FeedForward}."),
            ("width", shape.Architecture != "gpt2" || ((wanted.Width > 0 ? wanted.Width : shape.Width) == (wanted.Heads > 0 ? wanted.Heads : wanted.Width > 0 ? wanted.Width / shape.HeadSize : shape.Heads) * shape.HeadSize),
                $"and heads do not fit: GPT-2's heads of {shape.HeadSize} are together as wide as the model."),
        ];
        var problems = rules.Where(rule => !rule.Fits).Select(rule => new Problem(Where + rule.Key, rule.What)).ToArray();
        if (problems.Length > 0)
        {
            throw new ForgeException("student", problems);
        }
    }

    static int[] Most(double[] scores, int count)
        => [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).Take(count > 0 ? count : scores.Length).Order()];
}
