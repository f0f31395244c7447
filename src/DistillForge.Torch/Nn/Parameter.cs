namespace DistillForge.Torch
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace DistillForge.Torch.Modules
{
    /// <summary>A tensor that training changes. It takes over its data, and lives until its module is disposed: no scope holds it.</summary>
    public sealed class Parameter : torch.Tensor
    {
        public Parameter(torch.Tensor data, bool requires_grad = true)
            : base(Leaf(data, requires_grad))
        {
            DetachFromDisposeScope();
            data.Dispose();
        }

        static TensorHandle Leaf(torch.Tensor data, bool requires_grad)
        {
            Check.Ok(Native.df_detach(data.Handle, out var leaf));
            Check.Ok(Native.df_set_requires_grad(leaf, requires_grad ? 1 : 0));
            return leaf;
        }
    }

    /// <summary>The name of a field's tensor or module in <c>state_dict</c>, when it is not the field's own.</summary>
    [AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
    public sealed class ComponentNameAttribute : Attribute
    {
        public string Name { get; set; } = "";
    }
}
