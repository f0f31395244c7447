using DistillForge.Runs;
using DistillForge.Runs.Benches;

namespace DistillForge.EndToEnd.Tests;

public sealed class ConversationTests
{
    [Fact]
    public async Task A_turn_that_one_context_cannot_hold_is_heard_by_nobody_and_the_way_out_is_named()
    {
        // Its context is longer than the other's.
        var wide = SpeedModel.Make("1m-2k", "q8_0", SilentProgress.Instance);
        await using var talk = await Conversation.OpenAsync([wide, Path.Combine(Home.Root, "models", "home-teacher.gguf")], null, new Sampling(0, MaxTokens: 4), CancellationToken.None);
        var spoke = new List<string>();
        Task Say(string text) => talk.SayAsync(text, (_, _) => { }, (name, _) => spoke.Add(name), CancellationToken.None);

        await Say("turn on the lamp");
        var full = await Assert.ThrowsAsync<ForgeException>(() => Say(string.Join(' ', Enumerable.Repeat("turn on the lamp", 100))));
        await Say("turn off the lamp");

        Assert.Contains("/new", full.Message, StringComparison.Ordinal);
        Assert.Contains("home-teacher", full.Message, StringComparison.Ordinal);
        Assert.Equal(["1m-2k-q8_0", "home-teacher", "1m-2k-q8_0", "home-teacher"], spoke);
        Assert.All(talk.Remembered, messages => Assert.Equal(["turn on the lamp", "turn off the lamp"], messages.Where(message => message.Role == "user").Select(message => message.Content)));
    }

    [Fact]
    public async Task The_same_file_twice_answers_under_two_names()
    {
        var gguf = SpeedModel.Make("1m-2k", "q8_0", SilentProgress.Instance);
        await using var talk = await Conversation.OpenAsync([gguf, gguf], null, new Sampling(0, MaxTokens: 2), CancellationToken.None);
        var spoke = new List<string>();

        await talk.SayAsync("turn on the lamp", (_, _) => { }, (name, _) => spoke.Add(name), CancellationToken.None);

        Assert.Equal(["1m-2k-q8_0", "1m-2k-q8_0 (2)"], spoke);
    }
}
