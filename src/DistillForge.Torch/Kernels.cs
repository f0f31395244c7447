using System.Runtime.CompilerServices;

namespace DistillForge.Torch;

/// <summary>The shim's fused functions, called by <see cref="Fused"/> alone.</summary>
static class Kernels
{
    // As fast with 512 rows as with 1,024; large vocabularies take fewer, so that a chunk of logits stays near 64 MB.
    const long ChunkElements = 16L << 20;
    const long ChunkRows = 512;
    const long ChunkElementsOfGpu = 32L << 20;

    static readonly ConditionalWeakTable<torch.Tensor, Copy> Copies = [];
    static readonly ConditionalWeakTable<torch.Tensor, Copy> JoinedCopies = []; // by the first of the weights

    internal static torch.Tensor rms_norm(torch.Tensor x, torch.Tensor weight, double eps, torch.ScalarType type)
        => Check.Tensor(Native.df_rms_norm(x.Handle, weight.Handle, eps, (int)type, out var result), result);

    internal static torch.Tensor swiglu(torch.Tensor gate, torch.Tensor up)
        => Check.Tensor(Native.df_swiglu(gate.Handle, up.Handle, out var result), result);

    internal static torch.Tensor rope(torch.Tensor x, torch.Tensor table, torch.Tensor? positions)
        => Check.Tensor(Native.df_rope(x.Handle, table.Handle, positions is null ? TensorHandle.None : positions.Handle, out var result), result);

    internal static torch.Tensor causal_softmax(torch.Tensor scores, double scale)
        => Check.Tensor(Native.df_causal_softmax(scores.Handle, scale, out var result), result);

    internal static torch.Tensor causal_attention(torch.Tensor queries, torch.Tensor keys, torch.Tensor values, double scale)
        => Check.Tensor(Native.df_causal_attention(queries.Handle, keys.Handle, values.Handle, scale, out var result), result);

    internal static torch.Tensor linear(torch.Tensor x, torch.Tensor weight, torch.ScalarType type)
    {
        using var scope = torch.NewDisposeScope();
        var narrow = x.to_type(type); // bfloat16: the only type that has copies
        return Check.Tensor(Native.df_mixed_linear(narrow.Handle, weight.Handle, CopyOf(weight).Handle, out var result), result).MoveToOuterDisposeScope();
    }

    // Null where the weights do not lie end to end, or are of another type.
    internal static torch.Tensor[]? linears(torch.Tensor x, IReadOnlyList<torch.Tensor> weights, torch.ScalarType type)
    {
        if (weights.Count is not (2 or 3) || weights.Any(weight => weight.dtype != torch.ScalarType.Float32 || !weight.is_leaf))
        {
            return null;
        }

        using var scope = torch.NewDisposeScope();
        var pointers = Check.Pointers(weights);
        Check.Ok(Native.df_end_to_end(pointers, pointers.Length, out var handle));
        if (handle.IsInvalid)
        {
            return null;
        }

        var all = new torch.Tensor(handle);
        var (narrow, copy) = type == torch.ScalarType.BFloat16 ? (x.to_type(type), JoinedCopies.GetValue(weights[0], _ => new Copy()).Fresh(all, weights.Sum(weight => weight.Version))) : (x, all);
        var results = new nint[pointers.Length];
        Check.Ok(Native.df_joined_linear(narrow.Handle, pointers, pointers.Length, copy.Handle, results));
        GC.KeepAlive(weights);
        return Array.ConvertAll(results, result => new torch.Tensor(TensorHandle.Own(result)).MoveToOuterDisposeScope());
    }

    internal static (torch.Tensor Sum, torch.Tensor Surprisals) linear_sparse_cross_entropy(
        torch.Tensor hidden, torch.Tensor weight, torch.Tensor ids, torch.Tensor weights, long vocabulary, torch.ScalarType type, bool plain = false)
    {
        using var scope = torch.NewDisposeScope();
        var chunk = hidden.device_type == DeviceType.CPU ? Math.Clamp(ChunkElements / Math.Max(1, weight.size(0)), 128, ChunkRows) : Math.Max(256, ChunkElementsOfGpu / Math.Max(1, weight.size(0)));
        var narrow = hidden.to_type(type);
        var copy = type == weight.dtype ? weight : type == torch.ScalarType.BFloat16 ? CopyOf(weight) : weight.to_type(type);
        var (sum, surprisals) = Check.Pair(
            Native.df_linear_sparse_cross_entropy(narrow.Handle, weight.Handle, copy.Handle, ids.Handle, weights.Handle, vocabulary, chunk, plain ? 1 : 0, out var first, out var second), first, second);
        return (sum.MoveToOuterDisposeScope(), surprisals.MoveToOuterDisposeScope());
    }

    internal static torch.Tensor embedding(torch.Tensor ids, torch.Tensor weight)
        => Check.Tensor(Native.df_embedding(weight.Handle, ids.Handle, -1, out var result), result);

    internal static double clip_gradients(IReadOnlyList<torch.Tensor> values, double limit)
    {
        Check.Ok(Native.df_clip_grad_norm_(Check.Pointers(values), values.Count, limit, out var norm));
        GC.KeepAlive(values);
        return norm;
    }

    internal static void adamw(
        IReadOnlyList<torch.Tensor> values, IReadOnlyList<torch.Tensor> means, IReadOnlyList<torch.Tensor> squares, long step, double rate, double beta1, double beta2, double eps, double decay)
    {
        var before = new long[values.Count];
        Array.Fill(before, step - 1);
        Check.Ok(Native.df_adamw(Check.Pointers(values), Check.Pointers(means), Check.Pointers(squares), before, before.Length, rate, beta1, beta2, eps, decay));
        GC.KeepAlive((values, means, squares));
    }

    // A parameter's bfloat16 copy, renewed when the parameter was changed: once a step, however many batches a step has.
    static torch.Tensor CopyOf(torch.Tensor weight) => Copies.GetValue(weight, _ => new Copy()).Fresh(weight, weight.Version);

    sealed class Copy
    {
        torch.Tensor? value;
        (long Version, nint Data) seen;

        internal torch.Tensor Fresh(torch.Tensor weight, long version)
        {
            lock (this)
            {
                Check.Ok(Native.df_data_id(weight.Handle, out var data));
                if (value is null || seen != (version, data))
                {
                    Renew(weight);
                    seen = (version, data);
                }

                return value!;
            }
        }

        // A new tensor, not a copy_ into the old one: a graph of the step before may still hold that.
        void Renew(torch.Tensor weight)
        {
            using var quiet = torch.no_grad();
            value?.Dispose();
            value = weight.to_type(torch.ScalarType.BFloat16).DetachFromDisposeScope();
        }
    }
}
