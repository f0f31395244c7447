namespace DistillForge.Llama.Protocol;

/// <summary>A <see cref="DecodeLoop"/> on its way to the worker.</summary>
static class LoopRequest
{
    public static void Write(FrameWriter to, DecodeLoop loop)
    {
        to.Write(loop.Sequences);
        to.Write(loop.Prompt);
        to.Write(loop.Generated);
        to.Write(loop.Contexts);
        to.Write(loop.EveryOutput);
        to.Write(loop.SharedPrompt);
        var layout = loop.Layout ?? new CacheLayout();
        to.Write(layout.Unified);
        to.Write(layout.FlashAttention);
        to.Write(layout.Float32);
    }

    public static DecodeLoop Read(Frame frame)
    {
        var from = new FrameReader(frame.Body);
        return new DecodeLoop(from.ReadInt(), from.ReadInt(), from.ReadInt(), from.ReadInt(), from.ReadBool(), from.ReadBool(), new CacheLayout(from.ReadBool(), from.ReadBool(), from.ReadBool()));
    }
}
