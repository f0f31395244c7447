using System.Runtime.CompilerServices;
using DistillForge.Teachers;
using Microsoft.Extensions.AI;

namespace DistillForge.Tests.Teachers;

/// <summary>With the official client's own IChatClient shape: what a foreign client may do.</summary>
public class ChatClientTeacherTests
{
    static ChatClientTeacher Teacher(Func<string, ChatResponse> answer, BudgetMeter? budget = null, PriceTable? prices = null)
        => new(new(InFlight: 4, FaultsInARow: 3), new ForeignClient(answer), new Sampling(0.5f, MaxTokens: 16, Stop: ["."], JsonSchema: """{"type":"object"}"""), TimeProvider.System, budget, prices);

    static ChatResponse Response(string text) => new(new ChatMessage(ChatRole.Assistant, text)) { FinishReason = ChatFinishReason.Length, Usage = new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5 } };

    [Fact]
    public async Task A_foreign_client_is_a_teacher()
    {
        var teacher = Teacher(text => Response($"re: {text}"), prices: new PriceTable(new Dictionary<string, Price> { ["large"] = new(1, 2) }));

        var example = (await teacher.AnswerAsync(Chat.Prompts(1), CancellationToken.None).ToListAsync()).Single().Example!;

        Assert.Equal("https://foreign.example/v2#large", teacher.Identity);
        Assert.Equal(("re: lamp 0", "large", "length", 10, 5), (example.Text, example.Author, example.FinishReason, example.PromptTokens, example.CompletionTokens));
        Assert.Equal(20e-6, example.CostUsd, 12);
        Assert.Null(example.Trace);
    }

    [Fact]
    public async Task What_a_client_throws_fails_the_row_without_its_words()
    {
        var teacher = Teacher(text => text == "lamp 1" ? throw new HttpRequestException("key sk-canary-1234567890", null, System.Net.HttpStatusCode.BadRequest) : Response("on"));

        var answers = await teacher.AnswerAsync(Chat.Prompts(3), CancellationToken.None).ToListAsync();

        Assert.Equal(new Failure("row-1", "request-refused", "HttpRequestException, status 400"), answers.Single(answer => answer.Failure is not null).Failure);
    }

    [Fact]
    public async Task A_client_that_only_fails_is_given_up()
    {
        var teacher = Teacher(_ => throw new TimeoutException("no"));

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await teacher.AnswerAsync(Chat.Prompts(50), CancellationToken.None).ToListAsync());

        Assert.Equal((ExitCode.Unavailable, "large: failed 3 times in a row: TimeoutException. Answered rows are kept; run again when it is back."), (error.ExitCode, error.Message));
    }

    [Fact]
    public async Task A_budget_stops_it_too()
    {
        using var budget = new BudgetMeter(new Budget(MaxTokens: 200), TimeProvider.System);
        List<Answer> answers = [];

        await Assert.ThrowsAsync<BudgetExhaustedException>(async () =>
        {
            await foreach (var answer in Teacher(_ => Response("on"), budget).AnswerAsync(Chat.Prompts(50), CancellationToken.None))
            {
                answers.Add(answer);
            }
        });

        // 15 a row, until another could take more than is left: 6 + 24 of the prompt and 16 of the answer.
        Assert.Equal(11, answers.Count);
    }

    sealed class ForeignClient(Func<string, ChatResponse> answer) : IChatClient
    {
        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            Assert.Equal((0.5f, 16, "."), (options!.Temperature, options.MaxOutputTokens, options.StopSequences!.Single()));
            Assert.Equal("object", ((ChatResponseFormatJson)options.ResponseFormat!).Schema!.Value.GetProperty("type").GetString());
            return answer(messages.Last().Text);
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
            {
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("foreign", new Uri("https://foreign.example/v2/"), "large") : null;

        public void Dispose()
        {
        }
    }
}
