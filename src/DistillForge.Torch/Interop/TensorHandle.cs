using System.Runtime.InteropServices;

namespace DistillForge.Torch;

/// <summary>Owns one native tensor; the garbage collector frees it when nobody disposed it.</summary>
sealed class TensorHandle() : SafeHandle(0, ownsHandle: true)
{
    /// <summary>Stands for "no tensor" where the shim takes an optional one.</summary>
    internal static readonly TensorHandle None = new();

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Native.df_free(handle);
        return true;
    }

    internal static TensorHandle Own(nint native)
    {
        var owner = new TensorHandle();
        owner.SetHandle(native);
        return owner;
    }
}
