using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Training;

/// <summary>
/// A teacher at hand: a GGUF of one of our own architectures as a torch network that reads the student's batches and is never changed. It
/// gives its whole distribution at any temperature, and lets its inside be seen.
/// </summary>
public sealed class FrozenTeacher : IDisposable
{
    readonly Network network;
    readonly int vocabulary;

    FrozenTeacher(ModelShape shape, Network network, int vocabulary) => (Shape, this.network, this.vocabulary) = (shape, network, vocabulary);

    public ModelShape Shape { get; }

    /// <param name="vocabulary">The student's, whose ids the teacher is to read.</param>
    /// <exception cref="ForgeException">The file is of an architecture or a type that is not computed here, or speaks another vocabulary.</exception>
    public static FrozenTeacher Open(string gguf, Vocabulary vocabulary, Device device, Precision precision)
    {
        using var file = GgufFile.Open(gguf);
        var shape = GgufShape.Read(file);
        if (!TrainingCatalog.Architectures.Contains(shape.Architecture))
        {
            throw Unfit($"is a '{shape.Architecture}' model, which is not computed here.", $"A teacher at hand is one of {string.Join(", ", TrainingCatalog.Architectures.Names)}. Train on its traces instead (targets: trace, and losses on tokens).");
        }

        var spoken = Vocabulary.FromGguf(file);
        if (spoken.Fingerprint != vocabulary.Fingerprint)
        {
            throw Unfit($"speaks vocabulary {spoken.Fingerprint[..12]}, the student {vocabulary.Fingerprint[..12]}: it cannot read the student's tokens.", "Write 'vocabulary: teacher' under student.");
        }

        var network = TrainingCatalog.Architectures.Create(shape.Architecture, options: null).Build(shape, seed: 0, device);
        network.Precision = precision;
        Fill(network, shape, file);
        return new FrozenTeacher(shape, network, vocabulary.Size);
    }

    /// <summary>A network that is at hand already, as the student's own start is.</summary>
    public static FrozenTeacher Of(ModelShape shape, Network network, int vocabulary) => new(shape, network, vocabulary);

    /// <summary>Reads a batch.</summary>
    /// <param name="inside">What is to be seen, or null.</param>
    /// <returns>The whole distribution at the trained positions.</returns>
    public FullTargets Read(Tensor tokens, Tensor positions, Inside? inside)
    {
        using var quiet = no_grad();
        network.Inside = inside;
        var hidden = network.Hidden(tokens, positions);
        network.Inside = null;
        return FullTargets.Of(hidden, network.Head.narrow(0, 0, vocabulary), network.Precision);
    }

    public void Dispose() => network.Dispose();

    static void Fill(Network network, ModelShape shape, GgufFile file)
    {
        using var quiet = no_grad();
        var weights = network.Weights.ToDictionary(weight => weight.Name);
        foreach (var name in TensorNames.Of(shape))
        {
            using var scope = NewDisposeScope();
            var stored = file.Tensor(name.Gguf);
            if (!Dequantize.Can(stored.Type) || stored.ElementCount != name.ElementCount)
            {
                throw Unfit($"has tensor '{name.Gguf}' of {stored.ElementCount} {stored.Type}, which is not read here.", "Take an F32, F16, BF16, Q8_0, Q4_0 or Q5_0 file of the model.");
            }

            var numbers = file.Floats(stored);
            if (name.RotaryHeads > 0)
            {
                var halves = new float[numbers.Length];
                RotaryLayout.ToHuggingFace<float>(numbers, halves, name.Rows, name.RotaryHeads);
                numbers = halves;
            }

            var target = weights[name.HuggingFace].Value;
            target.copy_(tensor(numbers, target.shape));
        }

        foreach (var weight in network.Weights)
        {
            weight.Value.requires_grad_(false);
        }
    }

    static ForgeException Unfit(string what, string instead) => new(new Problem("teacher", what, instead));
}
