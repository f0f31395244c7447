namespace DistillForge.Models;

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Shape">In ggml's order: the first dimension is the one whose elements lie side by side. A Hugging Face [rows, columns] is [columns, rows] here.</param>
/// <param name="Offset">From the beginning of the data section.</param>
public sealed record GgufTensor(string Name, GgmlType Type, IReadOnlyList<long> Shape, long Offset, long ByteCount)
{
    public long ElementCount => ByteCount / Type.BlockBytes() * Type.BlockSize();
}

/// <summary>A GGUF model file: its header read and checked, its tensors mapped into memory.</summary>
/// <remarks>Spans and pointers are valid until it is disposed, and as long as nobody cuts the file off.</remarks>
public sealed unsafe class GgufFile : IDisposable
{
    readonly MappedFile file;
    readonly Dictionary<string, GgufTensor> byName;

    GgufFile(string path, MappedFile file)
    {
        (Path, this.file) = (path, file);
        (Version, Metadata, Alignment, DataOffset, var tensors) = new GgufReader(new GgufCursor(file, path), path).Read(file.Length);
        Tensors = tensors;
        byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <exception cref="GgufException">The file is absent, cut off, hostile, or no GGUF file.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path, (what, instead, inner) => new GgufException(path, "file", what, instead, inner));
        try
        {
            return new GgufFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>2 or 3.</summary>
    public uint Version { get; }

    public GgufMetadata Metadata { get; }

    public IReadOnlyList<GgufTensor> Tensors { get; }

    public int Alignment { get; }

    /// <summary>Where the data section begins in the file.</summary>
    public long DataOffset { get; }

    /// <summary>Size of the file in bytes.</summary>
    public long Length => file.Length;

    /// <summary>Elements of all tensors.</summary>
    public long ParameterCount => Tensors.Sum(tensor => tensor.ElementCount);

    public bool Contains(string name) => byName.ContainsKey(name);

    public GgufTensor? Find(string name) => byName.GetValueOrDefault(name);

    public GgufTensor Tensor(string name) => Find(name) ?? throw new GgufException(Path, $"tensor '{Printable.Name(name)}'", "is missing.", "The file is no complete model; convert the model again.");

    /// <summary>A tensor's bytes; at most 2 GiB, see <see cref="Pointer"/>.</summary>
    public ReadOnlySpan<byte> Data(GgufTensor tensor) => file.Span(DataOffset + tensor.Offset, tensor.ByteCount);

    public byte* Pointer(GgufTensor tensor) => file.Start + DataOffset + tensor.Offset;

    /// <summary>A tensor's numbers as float32.</summary>
    public float[] Floats(GgufTensor tensor)
    {
        var numbers = new float[tensor.ElementCount];
        Dequantize.ToFloat32(tensor.Type, Data(tensor), numbers);
        return numbers;
    }

    public void Dispose() => file.Dispose();
}
