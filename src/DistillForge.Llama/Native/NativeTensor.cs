using System.Runtime.InteropServices;

namespace DistillForge.Llama.Native;

/// <summary>The beginning of <c>ggml_tensor</c> of ggml.h in v0.5.0; only ever read through a pointer that llama.cpp gave.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct NativeTensor
{
    public int Type;
    public nint Buffer;
    public fixed long Elements[4];
    public fixed ulong Strides[4];
    public int Operation;
    public fixed int Parameters[16];
    public int Flags;
    public NativeTensor* Source0;
    public NativeTensor* Source1;
    public fixed long OtherSources[8];
    public nint ViewSource;
    public nuint ViewOffset;
    public byte* Data;
    public fixed byte Name[64];
}
