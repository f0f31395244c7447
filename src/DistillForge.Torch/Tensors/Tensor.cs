using System.Diagnostics.CodeAnalysis;

namespace DistillForge.Torch;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch. It dies with the <see cref="DisposeScope"/> that was open when it was made, or when it is disposed;
    /// the garbage collector is only the net below.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        internal Tensor(TensorHandle handle)
        {
            Handle = handle;
            DisposeScope.Current?.Add(this);
            NativeMemory.Created();
        }

        /// <summary>Tensors alive in this process, whoever holds them.</summary>
        public static long TotalCount => Native.df_live_tensors();

        /// <summary>Bytes held by tensors that share their storage with no other.</summary>
        public static long TotalBytes => Native.df_live_bytes();

        internal TensorHandle Handle { get; private set; }

        internal DisposeScope? Scope { get; set; }

        /// <summary>For calls that take many tensors; the caller keeps them alive.</summary>
        internal nint Pointer
        {
            get
            {
                ObjectDisposedException.ThrowIf(Handle.IsClosed, this);
                return Handle.DangerousGetHandle();
            }
        }

        public bool IsInvalid => Handle.IsClosed || Handle.IsInvalid;

        public void Dispose()
        {
            Scope?.Remove(this);
            Handle.Dispose();
            GC.SuppressFinalize(this);
        }

        /// <summary>Hands this tensor to the scope outside the one that holds it.</summary>
        public Tensor MoveToOuterDisposeScope() => MoveToOtherDisposeScope(Scope?.OuterScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            Scope?.Remove(this);
            other?.Add(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.Scope);

        /// <summary>Takes this tensor out of every scope: it lives until it is disposed.</summary>
        public Tensor DetachFromDisposeScope() => MoveToOtherDisposeScope((DisposeScope?)null);

        /// <summary>Another handle on the same tensor.</summary>
        public Tensor alias() => Check.Tensor(Native.df_alias(Handle, out var result), result);

        // Equality is identity: == compares elements, as in PyTorch.
        public override bool Equals([NotNullWhen(true)] object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        public override string ToString() => IsInvalid ? "[disposed]" : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";

        Tensor Self(int status)
        {
            Check.Ok(status);
            return this;
        }
    }

    public static DisposeScope NewDisposeScope() => new();

    public static DisposeScope? CurrentDisposeScope => DisposeScope.Current;
}
