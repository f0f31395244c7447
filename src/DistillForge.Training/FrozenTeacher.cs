using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;
using DistillForge.Training.Pretrained;

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
        var architecture = Architecture(gguf);
        if (!TrainingCatalog.Architectures.Contains(architecture))
        {
            throw Unfit($"is a '{architecture}' model, which is not computed here.", $"A teacher at hand is one of {string.Join(", ", TrainingCatalog.Architectures.Names)}. Train on its traces instead (targets: trace, and losses on tokens).");
        }

        using var loaded = PretrainedWeights.Load(gguf);
        var spoken = loaded.Vocabulary!;
        var part = spoken.Fingerprint == vocabulary.Fingerprint ? null : VocabularyMap.Between(spoken, vocabulary);
        if (part is null && spoken.Fingerprint != vocabulary.Fingerprint)
        {
            throw Unfit($"speaks vocabulary {spoken.Fingerprint[..12]}, the student {vocabulary.Fingerprint[..12]}: it cannot read the student's tokens.", "Write 'vocabulary: teacher' under student.");
        }

        var weights = part is null ? loaded : loaded.Keep(part);
        var network = weights.Build(device, Learning.Frozen);
        network.Precision = precision;
        return new FrozenTeacher(weights.Shape, network, vocabulary.Size);
    }

    /// <summary>A network that is at hand already, as the student's own start is.</summary>
    public static FrozenTeacher Of(ModelShape shape, Network network, int vocabulary) => new(shape, network, vocabulary);

    /// <summary>Reads a batch.</summary>
    /// <param name="inside">What is to be seen, or null.</param>
    /// <param name="layout">Where sequences lie that are packed end to end, or null.</param>
    /// <returns>The whole distribution at the trained positions.</returns>
    public FullTargets Read(Tensor tokens, Tensor positions, Inside? inside, Layout? layout = null)
    {
        using var quiet = no_grad();
        (network.Inside, network.Layout) = (inside, layout);
        var hidden = network.Hidden(tokens, positions);
        (network.Inside, network.Layout) = (null, null);
        return FullTargets.Of(hidden, network.Head.narrow(0, 0, vocabulary), network.Precision);
    }

    public void Dispose() => network.Dispose();

    static string Architecture(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        return file.Metadata.RequiredText("general.architecture");
    }

    static ForgeException Unfit(string what, string instead) => new(new Problem("teacher", what, instead));
}
