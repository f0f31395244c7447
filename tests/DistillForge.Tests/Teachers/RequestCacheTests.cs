using System.Text.Json;
using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

public class RequestCacheTests
{
    static string Only(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Single();

    [Fact]
    public async Task What_was_paid_for_is_never_sent_again()
    {
        using var scratch = new Scratch();
        var prices = new PriceTable(new Dictionary<string, Price> { ["tiny"] = new(1, 1) });
        await using var server = new TestServer(request => Chat.Scored($"lamp {request.LastMessage}"));
        var options = Chat.Options(server.Address) with { CacheFolder = scratch["cache"], Sampling = new Sampling(MaxTokens: 16, Capture: new Want.Head(4)) };

        List<List<Answer>> runs = [];
        for (var run = 0; run < 2; run++)
        {
            using var teacher = Chat.Teacher(options, prices: prices, dialogue: Chat.Dialogue);
            runs.Add([.. (await teacher.AnswerAsync(Chat.Prompts(30), CancellationToken.None).ToListAsync()).OrderBy(answer => answer.Id)]);
            Assert.Equal(31, server.Count);
            Assert.Equal(run * 30, teacher.Usage.CacheHits);
        }

        // All of it: text, trace, cost and even the time that it took.
        Assert.Equal(JsonSerializer.Serialize(runs[0].Select(answer => answer.Example), Chat.Lenient), JsonSerializer.Serialize(runs[1].Select(answer => answer.Example), Chat.Lenient));
        Assert.All(runs[0], answer => Assert.True(answer.Example is { CostUsd: > 0, Trace.IsScored: true }));
    }

    [Fact]
    public async Task Another_seed_sampling_or_model_is_another_question()
    {
        using var scratch = new Scratch();
        await using var server = new TestServer(_ => ChatJson.Text("on"));
        var options = Chat.Options(server.Address) with { CacheFolder = scratch["cache"] };
        ApiTeacherOptions[] others = [options, options, options with { Model = "other" }, options with { Sampling = new Sampling(0.5f, MaxTokens: 16) }, options with { Sampling = options.Sampling with { Capture = new Want.Head(2) } }];
        foreach (var other in others)
        {
            using var teacher = Chat.Teacher(other);
            await teacher.AskAsync(Chat.Prompt("lamp", 1), Chat.Prompt("lamp", 2));
        }

        Assert.Equal(4 * 2, server.Requests.Count(request => !request.IsProbe()));
    }

    [Fact]
    public void A_damaged_entry_is_as_good_as_absent()
    {
        using var scratch = new Scratch();
        var cache = new RequestCache(scratch["cache"]);
        var key = RequestCache.Key("a", "b");
        var answer = new PaidAnswer([.. Enumerable.Range(0, 200).Select(i => (byte)i)], 0.25, 1.5);
        cache.Put(key, answer);
        var whole = File.ReadAllBytes(Only(scratch["cache"]));
        Assert.Equal((answer.CostUsd, answer.Seconds), (cache.Find(key)!.CostUsd, cache.Find(key)!.Seconds));
        Assert.Equal(answer.Body, cache.Find(key)!.Body);

        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x40;
            File.WriteAllBytes(Only(scratch["cache"]), damaged);
            Assert.Null(cache.Find(key));
            File.WriteAllBytes(Only(scratch["cache"]), whole[..at]);
            Assert.Null(cache.Find(key));
        }

        cache.Put(key, answer);
        Assert.NotNull(cache.Find(key));
        Assert.Null(cache.Find(RequestCache.Key("ab", "")));
    }

    [Fact]
    public async Task Programs_that_write_the_same_answer_at_once_leave_one_whole_file()
    {
        using var scratch = new Scratch();
        var key = RequestCache.Key("a");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => new RequestCache(scratch["cache"]).Put(key, new PaidAnswer(new byte[1000 + i], i, i)))));

        Assert.EndsWith(key[2..], Only(scratch["cache"]), StringComparison.Ordinal);
        Assert.InRange(new RequestCache(scratch["cache"]).Find(key)!.Body.Length, 1000, 1015);
    }
}
