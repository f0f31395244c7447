using System.Runtime.InteropServices;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Native;

/// <summary>24 bytes: <c>llama_model_imatrix_data</c>; a list of them ends with one without a name.</summary>
[StructLayout(LayoutKind.Sequential)]
struct ImportanceEntry
{
    public nint Name;
    public nint Values;
    public nuint Count;
}

/// <summary>An importance matrix as the quantizer takes it, in memory of our own.</summary>
sealed unsafe class NativeImportance : IDisposable
{
    readonly List<nint> owned = [];

    /// <summary>Null where there is none.</summary>
    public nint Pointer { get; private set; }

    public static NativeImportance Read(ref FrameReader reader)
    {
        var matrix = new NativeImportance();
        var count = reader.ReadInt();
        if (count == 0)
        {
            return matrix;
        }

        var entries = (ImportanceEntry*)matrix.Own((nuint)(count + 1) * (nuint)sizeof(ImportanceEntry));
        for (var i = 0; i < count; i++)
        {
            var name = System.Text.Encoding.UTF8.GetBytes(reader.ReadString());
            var values = reader.ReadFloats();
            entries[i] = new ImportanceEntry { Name = matrix.Own((nuint)name.Length + 1), Values = matrix.Own((nuint)values.Length * sizeof(float)), Count = (nuint)values.Length };
            name.CopyTo(new Span<byte>((byte*)entries[i].Name, name.Length));
            values.CopyTo(new Span<float>((float*)entries[i].Values, values.Length));
        }

        matrix.Pointer = (nint)entries;
        return matrix;
    }

    public void Dispose()
    {
        foreach (var memory in owned)
        {
            NativeMemory.Free((void*)memory);
        }

        owned.Clear();
    }

    // Zeroed: names end, and so does the list.
    nint Own(nuint bytes)
    {
        owned.Add((nint)NativeMemory.AllocZeroed(bytes));
        return owned[^1];
    }
}
