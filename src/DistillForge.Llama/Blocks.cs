using System.Runtime.InteropServices;
using DistillForge.Models;

namespace DistillForge.Llama;

/// <summary>ggml's own dequantizers, for the types whose code books are its tables. They look bits up and multiply: any bytes are safe.</summary>
public static unsafe class Blocks
{
    const int ToFloat = 5;   // in ggml_type_traits, by pointers: after a name, two block sizes, a size and a flag

    static readonly Lazy<nint> Traits = new(() => NativeLibrary.GetExport(NativeLibrary.Load(Path.Combine(Engine.Verify(), "libggml-base.so")), "ggml_get_type_traits"));

    /// <summary>Lets <see cref="Dequantize"/> read these types, too. The engine is looked for when the first one comes.</summary>
    public static void Use() => Dequantize.Codebooks = Read;

    static void Read(GgmlType type, ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        var read = (delegate* unmanaged<void*, float*, long, void>)((delegate* unmanaged<int, nint*>)Traits.Value)((int)type)[ToFloat];
        fixed (byte* from = bytes)
        fixed (float* to = numbers)
        {
            read(from, to, numbers.Length);
        }
    }
}
