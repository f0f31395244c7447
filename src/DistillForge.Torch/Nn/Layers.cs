using DistillForge.Torch.Modules;

namespace DistillForge.Torch
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null)
                => new(inputSize, outputSize, hasBias, device, dtype);

            public static Embedding Embedding(long num_embeddings, long embedding_dims, Device? device = null, ScalarType? dtype = null)
                => new(num_embeddings, embedding_dims, device, dtype);

            public static LayerNorm LayerNorm(long normalized_shape, double eps = 1e-05, bool elementwise_affine = true, bool bias = true, Device? device = null, ScalarType? dtype = null)
                => new(normalized_shape, eps, elementwise_affine, bias, device, dtype);

            public static Dropout Dropout(double p = 0.5) => new(p);

            public static ModuleList<T> ModuleList<T>(params T[] modules)
                where T : Module
                => new(modules);
        }
    }
}

namespace DistillForge.Torch.Modules
{
    /// <summary>x · Wᵀ + b; W [out, in] starts as PyTorch's (Kaiming uniform), as the bias does.</summary>
    public sealed class Linear : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Linear(long inputs, long outputs, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(Linear))
        {
            var bound = 1 / Math.Sqrt(inputs);
            weight = new Parameter(torch.empty(outputs, inputs, dtype, device).uniform_(-bound, bound));
            bias = hasBias ? new Parameter(torch.empty(outputs, dtype, device).uniform_(-bound, bound)) : null;
            RegisterComponents();
        }

        public Parameter weight { get; }

        public Parameter? bias { get; }

        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.linear(input, weight, bias);
    }

    /// <summary>Rows of a table [V, d], by id; N(0, 1) at first.</summary>
    public sealed class Embedding : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Embedding(long count, long width, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(Embedding))
        {
            weight = new Parameter(torch.empty(count, width, dtype, device).normal_());
            RegisterComponents();
        }

        public Parameter weight { get; }

        public override torch.Tensor forward(torch.Tensor input) => Fused.embedding(input, weight);
    }

    /// <summary>Layer normalisation over the last axis.</summary>
    public sealed class LayerNorm : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly long width;
        readonly double eps;

        internal LayerNorm(long width, double eps, bool affine, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
            : base(nameof(LayerNorm))
        {
            (this.width, this.eps) = (width, eps);
            weight = affine ? new Parameter(torch.ones(width, dtype, device)) : null;
            bias = affine && hasBias ? new Parameter(torch.zeros(width, dtype, device)) : null;
            RegisterComponents();
        }

        public Parameter? weight { get; }

        public Parameter? bias { get; }

        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.layer_norm(input, [width], weight, bias, eps);
    }

    /// <summary>Zeroes a share of the numbers while training, and scales the rest up.</summary>
    public sealed class Dropout : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        readonly double p;

        internal Dropout(double p)
            : base(nameof(Dropout)) => this.p = p;

        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.dropout(input, p, training);
    }

    /// <summary>Modules in order; their names are their numbers.</summary>
    public sealed class ModuleList<T> : torch.nn.Module, IReadOnlyList<T>
        where T : torch.nn.Module
    {
        readonly List<T> items = [];

        public ModuleList(params T[] modules)
            : base("ModuleList") => Array.ForEach(modules, Add);

        public int Count => items.Count;

        public T this[int index] => items[index];

        public void Add(T item)
        {
            register_module(items.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), item);
            items.Add(item);
        }

        public IEnumerator<T> GetEnumerator() => items.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
