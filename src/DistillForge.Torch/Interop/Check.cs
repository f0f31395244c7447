using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistillForge.Torch;

/// <summary>Turns the shim's status into an exception, and its handles into tensors.</summary>
static class Check
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Ok(int status)
    {
        if (status != 0)
        {
            Throw();
        }
    }

    // C# evaluates arguments from left to right: Tensor(df_x(..., out var result), result).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static torch.Tensor Tensor(int status, TensorHandle handle)
    {
        Ok(status);
        return new torch.Tensor(handle);
    }

    internal static (torch.Tensor First, torch.Tensor Second) Pair(int status, TensorHandle first, TensorHandle second)
    {
        Ok(status);
        return (new torch.Tensor(first), new torch.Tensor(second));
    }

    internal static nint[] Pointers(IReadOnlyList<torch.Tensor> tensors)
    {
        var pointers = new nint[tensors.Count];
        for (var i = 0; i < pointers.Length; i++)
        {
            pointers[i] = tensors[i].Pointer;
        }

        return pointers;
    }

    static void Throw() => throw new TorchException(Marshal.PtrToStringUTF8(Native.df_last_error()) ?? "libtorch failed without a word");
}
