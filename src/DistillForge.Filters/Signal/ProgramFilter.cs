using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>
/// Rejection sampling by a program of the user's own: it reads one row as JSON on standard input and says by its exit code whether the row stays (0) or goes (1); the first line
/// of its output is the reason. Any other end drops the row as <c>program-failed</c>.
/// </summary>
[Component("program")]
public sealed class ProgramFilter(ProgramFilter.Options options) : IFilter
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public sealed record Options : ICheckedOptions
    {
        /// <summary>The program and its arguments; no shell reads them.</summary>
        public IReadOnlyList<string> Command { get; init; } = [];

        /// <summary>What the program is made of: rows are judged anew when one of these files changes.</summary>
        public IReadOnlyList<RecipeFile> Files { get; init; } = [];

        /// <summary>Where it runs, and from where relative paths among the arguments are meant; else the folder of the first of the files.</summary>
        public RecipeFolder? Folder { get; init; }

        /// <summary>For one row, then it is killed with its children.</summary>
        public double Seconds { get; init; } = 5;

        /// <summary>Address space; run-times that reserve much (node, .NET, the JVM) want more.</summary>
        public int MemoryMb { get; init; } = 1024;

        public IEnumerable<Problem> Check()
        {
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

    string Place => options.Folder?.Path ?? (options.Files.Count > 0 ? Path.GetDirectoryName(options.Files[0].Path)! : Environment.CurrentDirectory);

    sealed record Row(string Id, IReadOnlyList<Message> Prompt, IReadOnlyList<Message> Completion, string Answer, string? Expected, string? Category);

    public Verdict Judge(Example example)
    {
        if (options.Command.Count == 0)
        {
            return Verdict.Keep;
        }

        var program = new CheckingProgram(options.Command, TimeSpan.FromSeconds(options.Seconds), options.MemoryMb, Place);
        var end = program.Run(JsonSerializer.Serialize(new Row(example.Id, example.Prompt, example.Completion, example.Text, example.Expected, example.Category), Json) + "\n");
        return end.IsLate ? Verdict.Drop("program-too-slow", $"{options.Command[0]} ran longer than {options.Seconds:0.#} s")
            : end.ExitCode switch
            {
                0 => Verdict.Keep,
                1 => Verdict.Drop("program-refuses", end.FirstLine.Length > 0 ? end.FirstLine : $"{options.Command[0]} ended with 1"),
                _ => Verdict.Drop("program-failed", $"{options.Command[0]} ended with {end.ExitCode}{(end.FirstLine.Length > 0 ? $": {end.FirstLine}" : "")}"),
            };
    }
}
