using DistillForge.Llama;
using DistillForge.Teachers;

namespace DistillForge.Engines.Tests.Teachers;

public sealed class LocalTeacherTests : IAsyncLifetime
{
    static readonly Sampling Sampling = new(MaxTokens: 6, Capture: new Want.Head(4));
    readonly Scratch scratch = new();
    LlamaModel model = null!;
    int asked;

    public async Task InitializeAsync() => model = await Llama.Models.OpenTinyAsync(scratch);

    public async Task DisposeAsync()
    {
        await model.DisposeAsync();
        scratch.Dispose();
    }

    LocalTeacher Teacher(int inFlight = 16)
        => new(new("tiny", model.Sha256, "Apache-2.0", "none", model.Dialogue.Template.Fingerprint, inFlight), model, Sampling);

    async IAsyncEnumerable<Prompt> Prompts(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Interlocked.Increment(ref asked);
            await Task.Yield();
            yield return new Prompt($"id-{i}", [Message.User(i % 10 == 7 ? "say <|end|> now" : $"lamp {i}")], i, "test", Expected: "on", Category: "lamps");
        }
    }

    [Fact]
    public async Task Every_prompt_is_answered_exactly_once_by_an_example_or_a_failure()
    {
        var answers = await Teacher().AnswerAsync(Prompts(100), CancellationToken.None).ToListAsync();

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"id-{i}").Order(), answers.Select(answer => answer.Id).Order());
        var failures = answers.Where(answer => answer.Failure is not null).Select(answer => answer.Failure!).ToList();
        Assert.Equal(10, failures.Count);
        Assert.All(failures, failure => Assert.Equal("control-token", failure.Code));
    }

    [Fact]
    public async Task An_example_says_all_about_its_origin()
    {
        var example = (await Teacher().AnswerAsync(Prompts(1), CancellationToken.None).ToListAsync()).Single().Example!;

        Assert.Equal(("tiny", model.Sha256, "Apache-2.0", "none"), (example.Author, example.AuthorSha256, example.License, example.Terms));
        Assert.Equal((0L, "test", "on", "lamps"), (example.Seed, example.Source, example.Expected, example.Category));
        Assert.Equal((Sampling.Describe(), model.Dialogue.Template.Fingerprint), (example.Sampling, example.Template));
        Assert.Equal(("id-0", "id-0", model.Sha256), (example.Id, example.Trace!.Id, example.Trace.Scorer));
        Assert.Equal((model.Dialogue.Prompt(example.Prompt).Length, example.Trace.CompletionLength), (example.PromptTokens, example.CompletionTokens));
        Assert.True(example.Seconds > 0);
        Assert.Equal(model.Sha256, Teacher().Identity);
    }

    [Fact]
    public async Task Prompts_are_read_only_as_fast_as_answers_are_taken()
    {
        var taken = 0;
        await foreach (var _ in Teacher(inFlight: 4).AnswerAsync(Prompts(60), CancellationToken.None))
        {
            taken++;
            await Task.Delay(2);
            // In flight, taken, and the one that waits for a seat.
            Assert.InRange(Volatile.Read(ref asked), taken, taken + 5);
        }

        Assert.Equal(60, taken);
    }

    [Fact]
    public async Task Leaving_early_or_cancelling_stops_the_asking()
    {
        await foreach (var _ in Teacher().AnswerAsync(Prompts(100_000), CancellationToken.None))
        {
            break;
        }

        var soFar = Volatile.Read(ref asked);
        await Task.Delay(50);
        Assert.Equal(soFar, Volatile.Read(ref asked));

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Teacher().AnswerAsync(Prompts(100_000), stop.Token))
            {
                await stop.CancelAsync();
            }
        });
    }

    [Fact]
    public async Task A_model_that_is_gone_ends_the_stream_with_its_reason()
    {
        await model.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await Teacher().AnswerAsync(Prompts(10), CancellationToken.None).ToListAsync());
    }
}
