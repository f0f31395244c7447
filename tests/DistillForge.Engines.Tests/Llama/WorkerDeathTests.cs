using System.Diagnostics;
using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

public sealed class WorkerDeathTests : IDisposable
{
    static readonly Sampling Long = new(MaxTokens: 100, Capture: new Want.Head());
    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    static bool Lives(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    static async Task KillAsync(int process, string signal)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", process.ToString()]);
        await kill.WaitForExitAsync();
    }

    [Fact]
    public async Task A_worker_killed_in_the_middle_is_replaced_and_every_row_answered_as_if_nothing_had_happened()
    {
        await using var model = await Models.OpenTinyAsync(scratch);
        var undisturbed = await model.CompleteAsync(Models.Prompt("hi", 3), Long, CancellationToken.None);
        var first = model.WorkerProcessId;
        var answered = 0;
        var rows = Enumerable.Range(0, 40).Select(async seed =>
        {
            var answer = await model.CompleteAsync(Models.Prompt("hi", seed), Long, CancellationToken.None);
            if (Interlocked.Increment(ref answered) == 4)
            {
                await KillAsync(first, "KILL");
            }

            return answer;
        }).ToList();

        var answers = await Task.WhenAll(rows);

        Assert.Equal(40, answers.Length);
        Assert.NotEqual(first, model.WorkerProcessId);
        Assert.False(Lives(first));
        Assert.Equal(undisturbed.Trace!.TokenIds, answers[3].Trace!.TokenIds);
    }

    [Fact]
    public async Task A_worker_that_hangs_is_killed_and_every_row_answered()
    {
        await using var model = await Models.OpenTinyAsync(scratch, Models.Exact with { Patience = TimeSpan.FromSeconds(2) });
        var first = model.WorkerProcessId;
        await KillAsync(first, "STOP");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(seed => model.CompleteAsync(Models.Prompt("hi", seed), Long, CancellationToken.None)));

        Assert.All(answers, answer => Assert.True(answer.CompletionTokens > 0));
        Assert.NotEqual(first, model.WorkerProcessId);
        Assert.False(Lives(first));
    }

    [Fact]
    public async Task A_text_that_kills_the_tokenizer_fails_alone()
    {
        await using var model = await LlamaModel.OpenAsync(Models.WriteWithoutByteTokens(scratch["letters.gguf"]), Models.Exact, CancellationToken.None);

        await AssertFailsAloneAsync(model, "ab cab", "un café");
    }

    [SharedFact(Models.NoByteTokens)]
    public async Task A_text_that_kills_the_tokenizer_of_a_real_model_fails_alone()
    {
        await using var model = await Models.OpenAsync(Models.NoByteTokens, Models.Exact);

        await AssertFailsAloneAsync(model, "Once upon a time there was a girl", "un café");
    }

    static async Task AssertFailsAloneAsync(LlamaModel model, string good, string bad)
    {
        var prompt = model.Encode(good, parseSpecial: false);
        var neighbours = Enumerable.Range(0, 20).Select(seed => model.CompleteTokensAsync(prompt, Long, seed, CancellationToken.None)).ToList();

        var poison = await Task.Run(() => Record.Exception(() => model.Encode(bad, parseSpecial: false)));

        var failure = Assert.IsType<CompletionFailedException>(poison);
        Assert.Equal("worker-died", failure.Code);
        Assert.Contains("exit code 134", failure.Message);
        Assert.Equal(20, (await Task.WhenAll(neighbours)).Count(answer => answer.CompletionTokens > 0));
    }

    [Fact]
    public async Task Nothing_lives_on_after_disposal_and_nothing_is_answered()
    {
        var model = await Models.OpenTinyAsync(scratch);
        var worker = model.WorkerProcessId;
        var open = Enumerable.Range(0, 30).Select(seed => model.CompleteAsync(Models.Prompt("hi", seed), Long, CancellationToken.None)).ToList();

        await model.DisposeAsync();

        Assert.False(Lives(worker));
        foreach (var task in open)
        {
            if (await Record.ExceptionAsync(() => task) is { } unanswered)
            {
                Assert.IsType<ObjectDisposedException>(unanswered);
            }
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => model.CompleteAsync(Models.Prompt("hi"), Long, CancellationToken.None));
    }

    [Fact]
    public async Task Ctrl_C_in_the_terminal_does_not_reach_the_worker()
    {
        await using var model = await Models.OpenTinyAsync(scratch);
        var worker = model.WorkerProcessId;

        await KillAsync(worker, "INT");

        Assert.Equal(5, (await Task.WhenAll(Enumerable.Range(0, 5).Select(seed => model.CompleteAsync(Models.Prompt("hi", seed), Long, CancellationToken.None)))).Length);
        Assert.Equal(worker, model.WorkerProcessId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_worker_ends_by_itself_when_its_input_ends_or_its_parent_is_gone(bool ofThisParent)
    {
        var worker = Path.Combine(Home.BuiltProject("DistillForge.LlamaWorker"), "distillforge-llama-worker.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [worker, Engine.Verify(), ofThisParent ? $"{Environment.ProcessId}" : "1"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;

        if (ofThisParent)
        {
            process.StandardInput.Close();
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(patience.Token);
        Assert.Equal(0, process.ExitCode);
    }
}
