using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Training.Pretrained;

/// <summary>Whether training may change a network's weights.</summary>
public enum Learning
{
    Trainable,

    /// <summary>No gradient reaches them: a teacher, or the base that adapters are added to.</summary>
    Frozen,
}

/// <summary>A model that exists: its shape, its vocabulary where the file has one, and its tensors, read one at a time.</summary>
public sealed class PretrainedWeights : IDisposable
{
    readonly Func<NamedTensor, float[]> read;
    readonly IDisposable? file;

    /// <param name="read">[Rows, Columns] numbers of one of <see cref="TensorNames.Of"/>'s tensors, q and k in Hugging Face's rotary order.</param>
    /// <param name="file">What <paramref name="read"/> reads from, if that has to be closed.</param>
    public PretrainedWeights(string name, ModelShape shape, Vocabulary? vocabulary, Func<NamedTensor, float[]> read, IDisposable? file = null)
        => (Name, Shape, Vocabulary, this.read, this.file) = (name, shape, vocabulary, read, file);

    /// <summary>Where it came from, for errors and reports.</summary>
    public string Name { get; }

    public ModelShape Shape { get; }

    /// <summary>A GGUF's own; null for a Hugging Face folder.</summary>
    public Vocabulary? Vocabulary { get; }

    /// <param name="path">A GGUF of any quantization, or a Hugging Face folder with <c>config.json</c> and safetensors, sharded or not.</param>
    /// <exception cref="ForgeException">It is missing, broken, hostile, or of a family or with a part that is not built here.</exception>
    public static PretrainedWeights Load(string path) => Directory.Exists(path) ? HuggingFaceModel.Load(path) : GgufModel.Load(path);

    /// <summary>[Rows, Columns] numbers, as float32, q and k in Hugging Face's rotary order.</summary>
    public float[] Numbers(NamedTensor tensor)
    {
        var numbers = read(tensor);
        return numbers.LongLength == tensor.ElementCount ? numbers : throw new InvalidOperationException($"{tensor.HuggingFace} has {numbers.LongLength} numbers, not {tensor.ElementCount}");
    }

    /// <summary>A network that computes what the file's model does.</summary>
    public Network Build(Device device, Learning learning = Learning.Trainable)
    {
        var network = TrainingCatalog.Architectures.Create(Shape.Architecture, options: null).Build(Shape, Initialisation.Unset, device);
        try
        {
            Fill(network);
            foreach (var weight in network.Weights)
            {
                weight.Value.requires_grad_(learning == Learning.Trainable);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Gives a network of the same shape these weights.</summary>
    public void Fill(Network network)
    {
        var names = TensorNames.Of(Shape).ToDictionary(tensor => tensor.HuggingFace);
        foreach (var weight in network.Weights)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            // Networks keep every matrix as [out, in], whatever the files do.
            weight.Value.copy_(tensor(Numbers(names[weight.Name]), weight.Value.shape));
        }
    }

    public void Dispose() => file?.Dispose();
}
