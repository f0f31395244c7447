namespace DistillForge.Torch;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get
            {
                Check.Ok(Native.df_requires_grad(Handle, out var result));
                return result != 0;
            }

            set => Check.Ok(Native.df_set_requires_grad(Handle, Flag(value)));
        }

        public bool is_leaf
        {
            get
            {
                Check.Ok(Native.df_is_leaf(Handle, out var result));
                return result != 0;
            }
        }

        /// <summary>What backward accumulated; null before. A handle on the same memory, so changing it in place counts.</summary>
        public Tensor? grad
        {
            get
            {
                Check.Ok(Native.df_grad(Handle, out var result));
                return result.IsInvalid ? null : new Tensor(result);
            }

            set => Check.Ok(Native.df_set_grad(Handle, value is null ? TensorHandle.None : value.Handle));
        }

        /// <summary>Counts changes in place; autograd and cached copies ask it whether a value is stale.</summary>
        internal long Version
        {
            get
            {
                Check.Ok(Native.df_version_of(Handle, out var result));
                return result;
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public void retain_grad() => Check.Ok(Native.df_retain_grad(Handle));

        public void backward() => Check.Ok(Native.df_backward(Handle, TensorHandle.None, 0));

        /// <param name="grad_tensors">d(objective)/d(this), of this tensor's shape; 1 when absent.</param>
        public void backward(IList<Tensor>? grad_tensors, bool retain_graph = false)
            => Check.Ok(Native.df_backward(Handle, grad_tensors is { Count: > 0 } ? grad_tensors[0].Handle : TensorHandle.None, Flag(retain_graph)));

        public Tensor detach() => Check.Tensor(Native.df_detach(Handle, out var result), result);

        public Tensor detach_() => Self(Native.df_detach_(Handle));
    }

    /// <summary>Until disposed, this thread records nothing for backward.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static bool is_grad_enabled() => Native.df_grad_enabled() != 0;

    sealed class GradMode(bool enabled) : IDisposable
    {
        readonly int before = Native.df_grad_mode(enabled ? 1 : 0);

        public void Dispose() => _ = Native.df_grad_mode(before);
    }

    public static class autograd
    {
        /// <summary>Gradients of <paramref name="outputs"/> by <paramref name="inputs"/>, without touching any grad; null where there is no path.</summary>
        public static IList<Tensor?> grad(IList<Tensor> outputs, IList<Tensor> inputs, bool retain_graph = false, bool create_graph = false)
        {
            var results = new nint[inputs.Count];
            Check.Ok(Native.df_autograd_grad(Check.Pointers([.. outputs]), outputs.Count, Check.Pointers([.. inputs]), inputs.Count, retain_graph ? 1 : 0, create_graph ? 1 : 0, results));
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            return [.. results.Select(native => native == 0 ? null : new Tensor(TensorHandle.Own(native)))];
        }
    }
}
