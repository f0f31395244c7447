using System.Text;
using DistillForge.Core;

namespace DistillForge.Llama.Protocol;

/// <summary>How an answer is drawn, on its way to the worker; stop strings travel as bytes, since that is what tokens are.</summary>
static class SamplingFrame
{
    /// <param name="grammar">The GBNF that the answer must follow, made from a schema or given; null for none.</param>
    public static void Write(FrameWriter to, Sampling sampling, string? grammar)
    {
        to.Write(sampling.Temperature);
        to.Write(sampling.TopK);
        to.Write(sampling.TopP);
        to.Write(sampling.MinP);
        to.Write(sampling.MaxTokens);
        to.Write(sampling.RepetitionPenalty);
        to.WriteArray([.. sampling.StopTokens ?? []]);
        to.Write(grammar ?? "");
        var stops = sampling.Stop ?? [];
        to.Write(stops.Count);
        foreach (var stop in stops)
        {
            to.WriteBytes(Encoding.UTF8.GetBytes(stop));
        }
    }

    public static Sampling Read(ref FrameReader from, out byte[][] stops)
    {
        var sampling = new Sampling(from.ReadFloat(), from.ReadInt(), from.ReadFloat(), from.ReadFloat(), from.ReadInt(), RepetitionPenalty: from.ReadFloat(), StopTokens: from.ReadInts());
        var grammar = from.ReadString();
        stops = new byte[from.ReadInt()][];
        for (var i = 0; i < stops.Length; i++)
        {
            stops[i] = from.ReadBytes();
        }

        return grammar.Length > 0 ? sampling with { Grammar = grammar } : sampling;
    }
}
