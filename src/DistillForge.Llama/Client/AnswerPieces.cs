using System.Text;
using DistillForge.Core;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>Hands out a growing answer, piece by piece: whole characters, and the traces of the tokens that are complete.</summary>
sealed class AnswerPieces(LlamaModel model, TracePlan? plan, Action<CompletionPart> onPart)
{
    readonly Decoder decoder = Encoding.UTF8.GetDecoder();

    /// <returns>The positions, for the whole answer's trace.</returns>
    public byte[] Take(Frame frame)
    {
        var reader = new FrameReader(frame.Body);
        var text = reader.ReadBytes();
        var count = reader.ReadInt();
        var positions = reader.Rest.ToArray();
        onPart(new CompletionPart(Text(text), count, plan is null ? null : Trace(positions, plan)));
        return positions;
    }

    string Text(byte[] bytes)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        return new string(characters, 0, decoder.GetChars(bytes, characters, flush: false));
    }

    TokenTrace Trace(byte[] positions, TracePlan tracePlan)
    {
        var trace = new TraceReader(tracePlan, model.VocabularySize);
        trace.Add(positions);
        return trace.Build(model.Sha256, model.Vocabulary, [], trace.Tokens.Count);
    }
}
