namespace DistillForge.Llama.Protocol;

/// <summary>What the worker is told to load.</summary>
/// <param name="VocabularySize">Without padding, as the managed reader found it; 0 trusts llama.cpp.</param>
/// <param name="Lora">An adapter; empty for none.</param>
sealed record OpenRequest(string Path, int Threads, int Parallel, int Context, bool Exact, int VocabularySize, string Lora)
{
    public void Write(FrameWriter to)
    {
        to.Write(Path);
        to.Write(Threads);
        to.Write(Parallel);
        to.Write(Context);
        to.Write(Exact);
        to.Write(VocabularySize);
        to.Write(Lora);
    }

    public static OpenRequest Read(ref FrameReader from)
        => new(from.ReadString(), from.ReadInt(), from.ReadInt(), from.ReadInt(), from.ReadBool(), from.ReadInt(), from.ReadString());
}
