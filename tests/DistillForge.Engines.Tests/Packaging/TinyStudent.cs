using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Packaging;

/// <summary>A checkpoint folder as the trainer writes it, with random weights: large enough to be quantized, small enough for plain loops.</summary>
static class TinyStudent
{
    public static readonly string[] Texts =
    [
        "dim the bedroom lamp to 30 percent in ten minutes", "turn on the kitchen light", """{"action":"set_brightness","target":"bedroom.lamp","value":30,"delay_s":600}""",
        "größer, 日本語 and 🙂", "  two  spaces\n\nand\ttabs ", "it's 12:34 o'clock; I'll wait…", "x",
    ];

    public static Vocabulary Vocabulary { get; } = BpeTrainer.Train([.. Texts, .. Texts], 300);

    public static ModelShape Shape { get; } = new()
    {
        Architecture = "llama",
        Layers = 2,
        Width = 64,
        Heads = 4,
        KeyValueHeads = 2,
        HeadSize = 16,
        FeedForward = 96,
        Vocabulary = Vocabulary.Size,
        Context = 128,
        NormEpsilon = 1e-5f,
        TiedEmbeddings = true,
    };

    public static string Write(Scratch scratch, ModelShape? shape = null, Func<NamedTensor, float[], float[]>? change = null)
    {
        var (model, folder, random) = (shape ?? Shape, scratch["checkpoint"], new Random(7));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), HuggingFaceConfig.Write(model));
        Vocabulary.Write(Path.Combine(folder, "vocabulary.gguf"));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. TensorNames.Llama(model).Select(tensor =>
        {
            float[] numbers = [.. Enumerable.Range(0, (int)tensor.ElementCount).Select(_ => tensor.IsVector ? 1 + 0.1f * Normal(random) : Normal(random) / MathF.Sqrt(tensor.Columns) * (tensor.Gguf == "token_embd.weight" ? 2 : 1.2f))];
            return SafetensorsSource.Of(tensor.HuggingFace, tensor.TorchShape, change?.Invoke(tensor, numbers) ?? numbers);
        })]);
        return folder;
    }

    static float Normal(Random random) => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
}
