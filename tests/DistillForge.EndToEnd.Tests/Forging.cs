using System.Diagnostics;

namespace DistillForge.EndToEnd.Tests;

/// <summary>The program as a user starts it, in a process of its own.</summary>
static class Forging
{
    static string Program => Path.Combine(Home.BuiltProject("DistillForge.Cli"), "distillforge.dll");

    public sealed record Ended(int ExitCode, string Output, string Error);

    public static async Task<Ended> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        return await EndAsync(process);
    }

    public static Process Start(params string[] arguments)
    {
        // A test run in the background ignores SIGINT, and so would its children.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Home.Root,
            // Several run at a time, and threads of llama.cpp that wait for each other by spinning starve those of a neighbour.
            Environment = { ["NO_COLOR"] = "1", ["DISTILLFORGE_HOME"] = Home.Root, ["DISTILLFORGE__THREADS"] = "1" },
        };
        return Process.Start(start)!;
    }

    public static async Task<Ended> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await output, await error);
    }
}

/// <summary>A folder of a test's own, gone when the test is.</summary>
sealed class Workplace : IDisposable
{
    public Workplace() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "distillforge-" + Guid.NewGuid().ToString("n")[..12]);

    public string Runs => System.IO.Path.Combine(Path, "runs");

    public string File(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public string Run(string name, params string[] parts) => System.IO.Path.Combine([Runs, name, .. parts]);

    /// <summary>The quickstart, small enough for a test: the same stages on the same engines.</summary>
    public string Recipe(string name = "tiny", int count = 120, double learningRate = 3e-3, int topLogprobs = 8, string teacher = "models/home-teacher.gguf", string judge = "") => File(name + ".yaml", FormattableString.Invariant($$"""
        name: {{name}}
        seed: 3
        teacher: { gguf: {{teacher}}, license: Apache-2.0 }
        prompts: { template: prompts/home.prompt.yaml, count: {{count}} }
        generate: { temperature: 0.7, max_tokens: 48, top_logprobs: {{topLogprobs}}, tail_samples: 4 }
        filters: filters/home.yaml
        student: { architecture: llama, layers: 1, width: 64, heads: 2, vocabulary: teacher }
        train:
          losses: [ { forward-kl: { weight: 0.7 } }, { cross-entropy: { weight: 0.3 } } ]
          epochs: 2
          tokens_per_batch: 1024
          learning_rate: {{learningRate}}
        package: { quantize: [ f32, f16, q8_0, iq4_nl ] }
        evaluate: { baseline: teacher-text, held_out: 20, robustness: { questions: 2 }{{(judge.Length > 0 ? $", judge: {{ rubric: prompts/answer.rubric.yaml, questions: 3, by: {{ gguf: {judge}, context: 1536 }} }}" : "")}} }
        """));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
