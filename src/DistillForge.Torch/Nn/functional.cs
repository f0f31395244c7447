namespace DistillForge.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>What a loss returns of its terms; the numbers are libtorch's.</summary>
        public enum Reduction
        {
            None = 0,
            Mean = 1,
            Sum = 2,
        }

        public static partial class functional
        {
            /// <summary>x · Wᵀ + b, W [out, in].</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null)
                => Check.Tensor(Native.df_linear(input.Handle, weights.Handle, Or(bias), out var result), result);

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-05)
                => Check.Tensor(Native.df_layer_norm(input.Handle, normalized_shape, normalized_shape.Length, Or(weight), Or(bias), eps, out var result), result);

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
                => Check.Tensor(Native.df_dropout(input.Handle, p, training ? 1 : 0, out var result), result);

            /// <summary>−log softmax(x)[target]: x [n, V], target [n].</summary>
            public static Tensor cross_entropy(Tensor x, Tensor y, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0)
                => Check.Tensor(Native.df_cross_entropy(x.Handle, y.Handle, Or(weight), ignore_index, (long)reduction, label_smoothing, out var result), result);

            public static Tensor nll_loss(Tensor x, Tensor y, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean)
                => Check.Tensor(Native.df_nll_loss(x.Handle, y.Handle, Or(weight), ignore_index, (long)reduction, out var result), result);

            /// <summary>Note TorchSharp's default: the target is taken as log-probabilities.</summary>
            public static Tensor kl_div(Tensor x, Tensor y, bool log_target = true, Reduction reduction = Reduction.Mean)
                => Check.Tensor(Native.df_kl_div(x.Handle, y.Handle, (long)reduction, log_target ? 1 : 0, out var result), result);

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
                => Check.Tensor(Native.df_mse_loss(input.Handle, target.Handle, (long)reduction, out var result), result);

            public static Tensor silu(Tensor x, bool inplace = false) => x.silu();

            public static Tensor gelu(Tensor x) => x.gelu();

            public static Tensor relu(Tensor x, bool inplace = false) => x.relu();

            public static Tensor logsigmoid(Tensor x) => Check.Tensor(Native.df_log_sigmoid(x.Handle, out var result), result);

            public static Tensor softplus(Tensor x) => Check.Tensor(Native.df_softplus(x.Handle, out var result), result);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            public static Tensor log_softmax(Tensor input, long dim, ScalarType? dtype = null) => input.log_softmax(dim, dtype);

            static TensorHandle Or(Tensor? tensor) => tensor is null ? TensorHandle.None : tensor.Handle;
        }
    }
}
