using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using Xunit.Abstractions;

namespace DistillForge.Engines.Tests.Packaging;

public class ExportGateTests(ITestOutputHelper output)
{
    static readonly Origin Origin = new("tiny", "apache-2.0", "home-teacher", "ab12");
    static readonly ITokenizer Tokenizer = new BpeTokenizer(TinyStudent.Vocabulary);
    static readonly Dialogue Dialogue = new(TinyStudent.Vocabulary, Tokenizer);

    static GateProbe Probe => new(
        TinyStudent.Texts,
        [.. TinyStudent.Texts.Select(text => Dialogue.Sequence([Message.User(text)], "ok, I will"))],
        [.. TinyStudent.Texts.Select(text => new Prompt("", [Message.User(text)]))],
        MaxTokens: 16);

    [Fact]
    public async Task Every_type_passes_against_an_independent_forward_pass_and_gets_its_final_name()
    {
        using var scratch = new Scratch();
        var folder = TinyStudent.Write(scratch);
        var package = new StudentPackage(new PlainLlama(folder), Tokenizer, new Lines(output));

        var files = await package.MakeAsync(new PackagePlan(folder, scratch["out"], "tiny", ["f32", "f16", "bf16", "q8_0"], Origin), Probe, CancellationToken.None);

        Assert.Equal(["tiny-bf16.gguf", "tiny-f16.gguf", "tiny-f32.gguf", "tiny-q8_0.gguf"], Directory.GetFiles(scratch["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(Sha256.OfFile(file.Path), file.Sha256));
        Assert.InRange(files[0].Gate.MaxDifference, 1e-9, 1e-3);
        Assert.InRange(files[1].Gate.MeanDifference, 1e-6, 1e-2);
        Assert.Equal((7, 7), (files[0].Gate.GreedyPrompts, files[1].Gate.GreedyPrompts));
        Assert.InRange(files[0].Gate.GreedyTokens, 7, 7 * 16);
    }

    [Fact]
    public async Task A_file_whose_rotary_rows_were_not_moved_fails_and_keeps_its_candidate_name()
    {
        using var scratch = new Scratch();
        var folder = TinyStudent.Write(scratch);
        var reference = new PlainLlama(folder);
        TinyStudent.Write(scratch, change: (tensor, numbers) => tensor.RotaryHeads == 0 ? numbers : Unmoved(numbers, tensor));

        var error = await Assert.ThrowsAsync<ForgeException>(() => new StudentPackage(reference, Tokenizer, new Lines(output))
            .MakeAsync(new PackagePlan(folder, scratch["out"], "tiny", ["f32"], Origin), Probe with { Prompts = [] }, CancellationToken.None));

        Assert.Contains("log-probabilities", error.Problems[0].Where);
        Assert.Contains("f32 may differ by 1.0e-3", error.Message);
        Assert.Equal(["tiny-f32.gguf.candidate"], Directory.GetFiles(scratch["out"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_file_that_says_other_words_fails()
    {
        using var scratch = new Scratch();
        var folder = TinyStudent.Write(scratch);
        var reference = new PlainLlama(folder);
        TinyStudent.Write(scratch, change: (tensor, numbers) => tensor.Gguf == "output_norm.weight" ? [.. numbers.Select((n, i) => i < 32 ? n : -n)] : numbers);

        var error = await Assert.ThrowsAsync<ForgeException>(() => new StudentPackage(reference, Tokenizer, new Lines(output))
            .MakeAsync(new PackagePlan(folder, scratch["out"], "tiny", ["f16"], Origin), Probe with { Sequences = [] }, CancellationToken.None));

        Assert.Equal("greedy tokens", error.Problems[0].Where);
    }

    [Fact]
    public void A_file_with_another_chat_template_fails()
    {
        using var scratch = new Scratch();
        var folder = TinyStudent.Write(scratch);
        new StudentExport(folder).Write(scratch["a.gguf"], GgmlType.F32, Origin);
        var gate = new ExportGate(new PlainLlama(folder), WithTemplate(TinyStudent.Vocabulary.ChatTemplate + " "), Tokenizer);

        Assert.Equal("chat template", Assert.Throws<ForgeException>(() => gate.CheckFile(scratch["a.gguf"])).Problems[0].Where);
    }

    [Fact]
    public void A_file_with_another_vocabulary_fails()
    {
        using var scratch = new Scratch();
        var folder = TinyStudent.Write(scratch);
        new StudentExport(folder).Write(scratch["a.gguf"], GgmlType.F32, Origin);
        var gate = new ExportGate(new PlainLlama(folder), BpeTrainer.Train(["other other texts texts"], 300), Tokenizer);

        Assert.Equal("vocabulary", Assert.Throws<ForgeException>(() => gate.CheckFile(scratch["a.gguf"])).Problems[0].Where);
    }

    [SharedFact(RealStudent.Folder)]
    public async Task A_real_trained_model_passes_in_F32_F16_and_Q8_0()
    {
        using var scratch = new Scratch();
        var folder = RealStudent.Write(scratch);
        await using var known = await LlamaModel.OpenAsync(RealStudent.Gguf, new LlamaOptions(Exact: true), CancellationToken.None);
        string[] stories = ["Once upon a time, there was a little girl named Lily.", "Tom and his dog went to the park to play with a red ball.", "The sun was hot and the bird wanted to drink water."];
        var sequences = stories.Select(story => known.Encode(story, parseSpecial: false)).Select(ids => new TokenSequence(known.Vocabulary, [1, .. ids], 1)).ToList();

        var files = await new StudentPackage(new PlainLlama(folder), known, new Lines(output))
            .MakeAsync(new PackagePlan(folder, scratch["out"], "real", ["f32", "f16", "q8_0", "q4_0"], Origin), new GateProbe(stories, sequences, []), CancellationToken.None);

        Assert.InRange(files[0].Gate.MaxDifference, 1e-9, 1e-3);
        Assert.InRange(files[1].Gate.MeanDifference, 1e-6, 1e-2);
        Assert.True(files[2].Gate.MeanDifference < files[3].Gate.MeanDifference, "eight bits are nearer than four");
    }

    // Undoes in advance what the exporter will do: the file then holds the rows in the wrong order.
    static float[] Unmoved(float[] numbers, NamedTensor tensor)
    {
        var moved = new float[numbers.Length];
        RotaryLayout.ToHuggingFace(numbers, moved, tensor.Rows, tensor.RotaryHeads);
        return moved;
    }

    static Vocabulary WithTemplate(string template)
    {
        var metadata = TinyStudent.Vocabulary.ToGguf();
        metadata["tokenizer.chat_template"] = GgufValue.Of(template);
        return Vocabulary.FromGguf(metadata);
    }

    sealed class Lines(ITestOutputHelper output) : IProgressLog
    {
        public void Say(string message) => output.WriteLine(message);

        public void Report(string what, long done, long total, string unit, string detail = "") => output.WriteLine($"{what} {done}/{total} {unit} {detail}");
    }
}
