using System.Globalization;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>Bytes a token on disk, and how far each coding's mean gradient is from that of the teacher's whole distribution.</summary>
[Component("encode")]
public sealed class EncodeBench : IBench
{
    const int TrainingSteps = 150;
    const int Redraws = 40;

    // About two batches of the default size.
    const int GradientPositions = 4096;

    // What the issue allows.
    const double Allowed = 64;

    public string Purpose => "Bytes a token on disk of each coding, and bias and variance of its mean gradient against the whole distribution's.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var rows = EncodeRows.Of(request, log);
        var scratch = Directory.CreateTempSubdirectory("distillforge-encode-").FullName;
        try
        {
            await using var teacher = await LlamaModel.OpenAsync(rows.Gguf, new LlamaOptions(request.Threads, request.Parallel), cancellationToken);
            var answers = await rows.AnswerAsync(teacher, log, cancellationToken);
            // Codings that differ only in what training makes of them lie on disk alike.
            var sizes = new Dictionary<Want.Head, EncodeSize>();
            foreach (var want in EncodeCoding.All.Select(coding => coding.Want).Prepend(Default).Distinct())
            {
                sizes[want] = await EncodeSize.MeasureAsync(want, teacher, answers, Path.Combine(scratch, "traces.parquet"), cancellationToken);
                log.Report("on disk", sizes.Count, 0, "codings");
            }

            var bytes = EncodeCoding.All.Select(coding => sizes[coding.Want]).ToList();

            using var students = await EncodeStudents.TrainAsync(teacher, answers, TrainingSteps, request.EffectiveThreads, Path.Combine(scratch, "student"), log, cancellationToken);
            var gradients = await GradientsAsync(teacher, students, answers, request.Rounds > 0 ? request.Rounds : Redraws, log, cancellationToken);
            foreach (var line in EncodeTable.Lines(gradients, bytes))
            {
                log.Say(line);
            }

            return Measurement.Beside("encode", sizes[Default].BytesPerToken, "bytes/token", Better.Lower, "most that the default may take", Allowed) with { Details = EncodeTable.Details(gradients, bytes, sizes[Default]) };
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    /// <summary>As a recipe captures that says nothing of it.</summary>
    static Want.Head Default { get; } = new GenerateSettings().ToCapture()! with { Temperatures = null };

    static async Task<EncodeGradients> GradientsAsync(LlamaModel teacher, EncodeStudents students, List<TokenTrace> answers, int redraws, IProgressLog log, CancellationToken cancellationToken)
    {
        var gradients = new EncodeGradients(teacher.VocabularySize, EncodeCoding.All, EncodeStudents.Names.Count, redraws, Seeds.Source(7, "redraws"));
        foreach (var answer in answers.Where(answer => answer.CompletionLength > 0))
        {
            var tokens = new TokenSequence(answer.Vocabulary, answer.TokenIds, answer.PromptLength);
            var whole = (await teacher.ScoreAsync(tokens, new Want.Full(), cancellationToken)).HeadLogprobs;
            var others = await students.ScoreAsync(tokens, whole, cancellationToken);
            for (var position = 0; position < answer.CompletionLength && gradients.Positions < GradientPositions; position++)
            {
                var start = position * teacher.VocabularySize;
                gradients.Add(whole.AsSpan(start, teacher.VocabularySize), [.. others.Select(student => (ReadOnlyMemory<float>)student.AsMemory(start, teacher.VocabularySize))]);
            }

            log.Report("gradients", gradients.Positions, GradientPositions, "positions");
            if (gradients.Positions == GradientPositions)
            {
                break;
            }
        }

        return gradients;
    }
}

/// <summary>The figures as a table for people and as measurements for programs.</summary>
static class EncodeTable
{
    public static IEnumerable<string> Lines(EncodeGradients gradients, IReadOnlyList<EncodeSize> sizes)
    {
        var students = Enumerable.Range(0, EncodeStudents.Names.Count).ToList();
        yield return string.Create(CultureInfo.InvariantCulture, $"bias / standard deviation of the mean gradient over {gradients.Positions:N0} positions, in % of its norm (a bias that chance explains is 0); KL of the students: {string.Join(", ", students.Select(s => string.Create(CultureInfo.InvariantCulture, $"{EncodeStudents.Names[s]} {gradients.Divergence(s):F3}")))} nats");
        yield return $"| coding | ids a position | bytes a token | {string.Join(" | ", EncodeStudents.Names)} |";
        yield return $"|---|---|---|{string.Concat(students.Select(_ => "---|"))}";
        for (var c = 0; c < EncodeCoding.All.Count; c++)
        {
            var cells = students.Select(s => gradients.Error(c, s)).Select(error => string.Create(CultureInfo.InvariantCulture, $"{(error.IsChance ? "0" : $"{100 * error.Bias:F2}")} / {(error.Deviation > 0 ? $"{100 * error.Deviation:F2}" : "0")}"));
            yield return string.Create(CultureInfo.InvariantCulture, $"| {EncodeCoding.All[c].Name} | {sizes[c].IdsPerToken:F1} | {sizes[c].BytesPerToken:F1} | {string.Join(" | ", cells)} |");
        }
    }

    public static IReadOnlyList<Measurement> Details(EncodeGradients gradients, IReadOnlyList<EncodeSize> sizes, EncodeSize byDefault) =>
    [
        new Measurement("positions", gradients.Positions, "positions", Better.Higher),
        new Measurement("tokens on disk", byDefault.Tokens, "tokens", Better.Higher),
        new Measurement("KL added by 8-bit log-probabilities", byDefault.AddedDivergence, "nats/token", Better.Lower),
        .. EncodeStudents.Names.Select((name, s) => new Measurement($"gradient moved by 8-bit log-probabilities, {name} student", byDefault.MovedGradient / gradients.Norm(s), "of the gradient's norm", Better.Lower)),
        .. EncodeStudents.Names.Select((name, s) => new Measurement($"KL of the {name} student", gradients.Divergence(s), "nats/token", Better.Lower)),
        .. EncodeCoding.All.Select((coding, c) => new Measurement(coding.Name, sizes[c].BytesPerToken, "bytes/token", Better.Lower)
        {
            Details = [new Measurement("ids", sizes[c].IdsPerToken, "ids/token", Better.Lower), .. EncodeStudents.Names.SelectMany((name, s) => Of(name, gradients.Error(c, s)))],
        }),
    ];

    static IEnumerable<Measurement> Of(string student, EncodeError error) =>
    [
        new Measurement($"bias, {student} student", error.Bias, "of the gradient's norm", Better.Lower),
        new Measurement($"bias by chance, {student} student", error.BiasByChance, "of the gradient's norm", Better.Lower),
        new Measurement($"variance, {student} student", error.Deviation * error.Deviation, "of the gradient's squared norm", Better.Lower),
    ];
}
