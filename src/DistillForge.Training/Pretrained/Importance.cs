using DistillForge.Models;

namespace DistillForge.Training.Pretrained;

/// <summary>How much each part of a network does on a sample of text, by its activations.</summary>
/// <param name="Layers">Block influence, 1 − cos(state before, state behind), mean over tokens (Men et al., ShortGPT, 2024).</param>
/// <param name="Channels">Mean |x / rms(x)| of the residual stream, over tokens and layers (Muralidharan et al., Minitron, 2024).</param>
/// <param name="Heads">[L][H] Mean length of what a head finds.</param>
/// <param name="Neurons">[L][F] Mean |activation|.</param>
/// <param name="Tokens">Measured on so many.</param>
public sealed record Importance(double[] Layers, double[] Channels, double[][] Heads, double[][] Neurons, int Tokens)
{
    /// <param name="sequences">Each is read by itself, up to the context.</param>
    public static Importance Measure(PretrainedWeights weights, IReadOnlyList<IReadOnlyList<int>> sequences, CancellationToken cancellationToken = default)
    {
        using var network = weights.Build(CPU, Learning.Frozen);
        var shape = weights.Shape;
        var sums = new Sums(shape);
        using var inside = new Inside(InsideWanted.Nothing) { Watch = sums.Add };
        using var quiet = no_grad();
        network.Inside = inside;
        foreach (var sequence in sequences.Where(sequence => sequence.Count > 0))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            long[] ids = [.. sequence.Take(shape.Context).Select(id => (long)id)];
            network.Hidden(tensor(ids, [1, ids.Length]), arange(ids.Length, dtype: ScalarType.Int64));
        }

        return sums.Mean();
    }

    sealed class Sums(ModelShape shape)
    {
        readonly double[] layers = new double[shape.Layers];
        readonly double[] channels = new double[shape.Width];
        readonly double[][] heads = [.. Enumerable.Range(0, shape.Layers).Select(_ => new double[shape.Heads])];
        readonly double[][] neurons = [.. Enumerable.Range(0, shape.Layers).Select(_ => new double[shape.FeedForward])];
        float[] before = [];
        int tokens;

        public void Add(int layer, Flow flow, Tensor seen)
        {
            using var scope = NewDisposeScope();
            var numbers = seen.to_type(ScalarType.Float32).contiguous().cpu().data<float>().ToArray();
            switch (flow)
            {
                case Flow.Stream: Stream(layer, numbers); break;
                case Flow.Heads: Each(numbers, heads[layer - 1], shape.HeadSize, length: true); break;
                default: Each(numbers, neurons[layer - 1], size: 1, length: false); break;
            }
        }

        public Importance Mean()
        {
            double[] Of(double[] sums, double count) => [.. sums.Select(sum => sum / Math.Max(1, count))];
            return new(Of(layers, tokens), Of(channels, tokens * (shape.Layers + 1.0)), [.. heads.Select(sums => Of(sums, tokens))], [.. neurons.Select(sums => Of(sums, tokens))], tokens);
        }

        void Stream(int layer, float[] states)
        {
            var count = states.Length / shape.Width;
            for (var t = 0; t < count; t++)
            {
                var state = states.AsSpan(t * shape.Width, shape.Width);
                var scale = 1 / Math.Max(1e-30, System.Numerics.Tensors.TensorPrimitives.Norm<float>(state) / Math.Sqrt(shape.Width));
                for (var c = 0; c < shape.Width; c++)
                {
                    channels[c] += Math.Abs(state[c]) * scale;
                }

                if (layer > 0)
                {
                    layers[layer - 1] += 1 - System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(before.AsSpan(t * shape.Width, shape.Width), state);
                }
            }

            tokens += layer == 0 ? count : 0;
            before = states;
        }

        static void Each(float[] numbers, double[] sums, int size, bool length)
        {
            for (var at = 0; at < numbers.Length; at += size)
            {
                sums[at / size % sums.Length] += length ? System.Numerics.Tensors.TensorPrimitives.Norm<float>(numbers.AsSpan(at, size)) : Math.Abs(numbers[at]);
            }
        }
    }
}
