using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Llama.Client;

/// <summary>
/// Who tokenizes prompts: our own byte-level BPE where it gives llama.cpp's ids on a probe, since a question to the worker between two
/// decodes costs more than the prompt itself; else llama.cpp in the worker.
/// </summary>
static class PromptTokenizer
{
    // What tells pre-tokenizers apart: digits, contractions, white space, scripts, marks, emoji, control text.
    const string Probe = "I'll dim lamps 1 and 23 to 456 percent; it's  WE'RE\n\n\tdon't! größer e\u0301 日本語 क् 🙂 ½٣ {\"a\":-1.5e3} <|end|><|user|>\nhi</s><|endoftext|>  ";

    public static ITokenizer For(LlamaModel model)
    {
        try
        {
            var ours = new BpeTokenizer(model.Tokens);
            return ours.Encode(Probe, parseSpecial: true).SequenceEqual(model.Encode(Probe, parseSpecial: true)) ? ours : model;
        }
        catch (ForgeException)
        {
            return model; // a kind of vocabulary that only llama.cpp knows
        }
        catch (CompletionFailedException)
        {
            return model; // the probe killed the worker: this vocabulary has no token for every byte
        }
    }
}
