using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class CorpusTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0, 1.0, "keep keep keep keep keep keep")]
    [InlineData(2, 1.0, "keep keep keep drop keep keep")]
    [InlineData(1, 1.0, "keep drop keep drop keep keep")]
    [InlineData(0, 0.34, "keep keep keep drop keep keep")]
    public async Task Keeps_so_many_rows_of_each_category(int most, double share, string actions)
    {
        string?[] categories = ["a", "a", "b", "a", null, ""];
        var rows = new FilterContractTests.InMemory([.. categories.Select((category, i) => Some.Example(i) with { Category = category })]);

        var verdicts = await Some.ListAsync(new Balance(new(Most: most, MaxShare: share)).JudgeAsync(rows, default));

        Assert.Equal(actions, string.Join(' ', verdicts.Select(verdict => verdict.Action.ToString().ToLowerInvariant())));
    }

    [Fact]
    public async Task Rows_without_a_category_count_as_one_kind_when_asked()
    {
        var rows = new FilterContractTests.InMemory([.. Enumerable.Range(0, 3).Select(i => Some.Example(i) with { Category = null })]);

        var verdicts = await Some.ListAsync(new Balance(new(Most: 2, Unnamed: true)).JudgeAsync(rows, default));

        Assert.Equal(new Reason("over-represented", "category '' has 2 rows already, may have 2"), verdicts[2].Reason);
    }

    [Theory]
    [InlineData("Which planet of our solar system has the most moons that we know of today?", "contaminated")]
    [InlineData("So tell me: which PLANET of our solar system has the most moons that we know of today, and why?", "contaminated")]
    [InlineData("Which planet of our solar system now has the most moons that we know of today?", "near-contaminated")]
    [InlineData("Which planet has rings?", null)]
    [InlineData("The most moons that we know of circle Saturn.", null)]
    [InlineData("How old is the moon?", "contaminated")]
    [InlineData("What is it?", null)]
    [InlineData("Ein Satz, der mit dem Examen nichts zu tun hat, aber lang genug ist, um es zu prüfen.", null)]
    public void Drops_rows_that_hold_a_question_of_the_exam(string text, string? dropped)
    {
        var exam = folder.Put("exam.jsonl", "{\"question\":\"Which planet of our solar system has the most moons that we know of today?\",\"answer\":\"Saturn\"}\n{\"question\":\"How old is the moon?\",\"answer\":\"old\"}\n{\"question\":\"What is it?\",\"answer\":\"x\"}\n");
        var filter = new Decontaminate(new() { Against = [new RecipeFile("exam.jsonl", exam)] });

        Assert.Equal(dropped, filter.Judge(Some.Example(text)).Reason?.Code);
        Assert.Equal(dropped, filter.Judge(Some.Example("yes") with { Prompt = [Message.User(text)] }).Reason?.Code);
    }

    [Theory]
    [InlineData("exam.csv", "text,category\n\"How old, then, is the moon?\",x\n")]
    [InlineData("exam.txt", "How old, then, is the moon?\n")]
    public void Says_which_question_stands_where(string name, string content)
    {
        var filter = new Decontaminate(new() { Against = [new RecipeFile(name, folder.Put(name, content))] });

        var detail = filter.Judge(Some.Example("Hm. How old then is the moon")).Reason?.Detail;

        Assert.Matches($@"^6 words in characters 4\.\.28 stand in {name}, line [12]$", detail);
    }
}
