using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Data;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>
/// Answers that a program of the user's own checks, e.g. code by its tests: it reads one answer as JSON on standard input (<c>id</c>, <c>prompt</c>, <c>answer</c>,
/// <c>expected</c>, <c>category</c>) and says by its exit code whether it is right (0) or wrong (1). Bounded as the filter of this name is; no sandbox.
/// </summary>
[Component("program")]
public sealed class ProgramBenchmark(ProgramBenchmark.Options options) : IBenchmark
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public sealed record Options : TableOptions
    {
        /// <summary>The program and its arguments; no shell reads them.</summary>
        public IReadOnlyList<string> Command { get; init; } = [];

        /// <summary>What the program is made of: answers are judged anew when one of these files changes.</summary>
        public IReadOnlyList<RecipeFile> Files { get; init; } = [];

        /// <summary>Where it runs; else the folder of the first of the files, else that of the questions.</summary>
        public RecipeFolder? Folder { get; init; }

        /// <summary>For one answer, then it is killed with its children.</summary>
        public double Seconds { get; init; } = 5;

        /// <summary>Address space; run-times that reserve much (node, .NET, the JVM) want more.</summary>
        public int MemoryMb { get; init; } = 1024;

        public override IEnumerable<Problem> Check()
        {
            foreach (var problem in base.Check())
            {
                yield return problem;
            }

            if (Command.Count == 0 || Command[0].Length == 0)
            {
                yield return new Problem("command", "is missing.", "E.g. command: [ python3, check.py ]");
            }

            if (Seconds is not (> 0 and <= 600) || MemoryMb is < 16 or > 1_000_000)
            {
                yield return new Problem("seconds", $"is {Seconds} and memory_mb {MemoryMb}; seconds lie above 0 and not above 600, memory_mb counts from 16.");
            }
        }
    }

    sealed record Row(string Id, IReadOnlyList<Message> Prompt, string Answer, string Expected, string? Category);

    public string Measure => "passes";

    public string? Title => options.Title;

    public IEnumerable<Question> Questions() => QuestionFile.Read(options);

    public double Grade(Question question, string answer) => Judge(question, answer).Score;

    public Grade Judge(Question question, string answer)
    {
        var folder = options.Folder?.Path ?? Path.GetDirectoryName((options.Files.Count > 0 ? options.Files[0] : options.File).Path)!;
        var program = new CheckingProgram(options.Command, TimeSpan.FromSeconds(options.Seconds), options.MemoryMb, folder);
        var end = program.Run(JsonSerializer.Serialize(new Row(question.Id, question.Messages, answer, question.Expected, question.Category), Json) + "\n");
        var said = end.FirstLine.Length > 0 ? $": {end.FirstLine}" : "";
        return end switch
        {
            { IsLate: true } => new(0, Ended(late: 1), $"ran longer than {options.Seconds:0.#} s"),
            { ExitCode: 0 } => new(1, Ended()),
            { ExitCode: 1 } => new(0, Ended(), end.FirstLine.Length > 0 ? end.FirstLine : "ended with 1"),
            _ => new(0, Ended(broken: 1), $"ended with {end.ExitCode}{said}"),
        };
    }

    // Neither right nor wrong: worth a look of its own.
    static Dictionary<string, double> Ended(int late = 0, int broken = 0) => new() { ["too slow"] = late, ["checker failed"] = broken };
}
