using DistillForge.Data;

namespace DistillForge.Tests.Data.Prompts;

public sealed class ConversationImportTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Turns_of_a_row_are_asked_one_after_the_other()
    {
        var row = (await RowsAsync("x.jsonl", """{"system": "s", "turns": ["a", "b", "c"], "source": "mine"}"""))[0];

        Assert.Equal([Message.System("s"), Message.User("a")], row.Prompt);
        Assert.Equal(["b", "c"], row.FollowUps);
        Assert.Equal("mine", row.Source);
    }

    [Fact]
    public async Task Only_as_many_turns_as_the_recipe_says()
        => Assert.Equal(["b"], (await RowsAsync("x.jsonl", """{"turns": ["a", "b", "c"]}""", maxTurns: 2))[0].FollowUps);

    [Theory]
    [InlineData(null, "q|a|r", "")]
    [InlineData(1, "q|a|r", "")]
    [InlineData(5, "q", "r")]
    public async Task A_conversation_with_answers_is_asked_anew_only_where_the_recipe_names_its_turns(int? maxTurns, string prompt, string followUps)
    {
        var row = (await RowsAsync("x.jsonl", """{"messages": [{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"r"}]}""", maxTurns))[0];

        Assert.Equal(prompt, string.Join('|', row.Prompt.Select(message => message.Content)));
        Assert.Equal(followUps, string.Join('|', row.FollowUps));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData(2, "how are you?")]
    [InlineData(9, "how are you?|bye")]
    public async Task A_file_of_turns_gives_the_first_of_each_dialogue_unless_more_are_named(int? maxTurns, string followUps)
    {
        var file = new RecipeFile("t.txt", folder.Put("t.txt", "User: hello\nBot: hi<|endoftext|>\nUser: how are you?\nBot: fine\nUser: bye\n\nUser: second\n"));
        var rows = await Some.ListAsync(Import.PromptsAsync(new PromptSource { Turns = file, MaxTurns = maxTurns }, default));

        Assert.Equal(["hello", "second"], rows.Select(row => row.Prompt.Single().Content));
        Assert.Equal(followUps, string.Join('|', rows[0].FollowUps));
    }

    [Fact]
    public async Task A_key_called_turns_beside_a_prompt_is_somebodys_own()
        => Assert.Empty((await RowsAsync("x.jsonl", """{"prompt": "p", "turns": ["a", "b"]}"""))[0].FollowUps);

    [Fact]
    public async Task Parquet_is_read_in_the_forms_of_JSON_lines()
    {
        var rows = Enumerable.Range(0, 3000).Select(Some.Prompt).ToList();
        await PromptsFile.WriteAsync(folder["p.parquet"], Some.Async(rows), default);

        var read = await Some.ListAsync(Import.PromptsAsync(new PromptSource { Parquet = new RecipeFile("p.parquet", folder["p.parquet"]) }, default));

        Assert.Equal(rows.Select(row => (Some.Text(row.Messages), row.Expected, row.Category)), read.Select(row => (Some.Text(row.Prompt), row.Expected, row.Category)));
        Assert.All(read, row => Assert.Null(row.Origin));
    }

    [Fact]
    public async Task Our_own_examples_keep_their_ids_and_authors()
    {
        await ExamplesFile.WriteAsync(folder["examples/1.parquet"], Some.Async([Some.Example(0)]), default);
        await ExamplesFile.WriteAsync(folder["examples/2.parquet"], Some.Async([Some.Example(1)]), default);

        var read = await Some.ListAsync(Import.DatasetAsync(new DatasetSource { Parquet = new RecipeFile("examples", folder["examples"]) }, default));

        Assert.Equal([(Some.Id(0), "teacher", "Apache-2.0"), (Some.Id(1), "teacher", "Apache-2.0")], read.Select(row => row.Origin!.Value));
        Assert.Equal(Some.Example(1).Text, read[1].Completion[^1].Content);
    }

    [Fact]
    public async Task A_file_that_is_no_Parquet_is_named()
    {
        folder.Put("x.parquet", "no");

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.ParquetAsync(folder["x.parquet"], default)));

        Assert.StartsWith($"{folder["x.parquet"]}: cannot be read as Parquet:", error.Message);
    }

    async Task<List<ImportedRow>> RowsAsync(string name, string text, int? maxTurns = null)
        => await Some.ListAsync(Import.PromptsAsync(new PromptSource { Jsonl = new RecipeFile(name, folder.Put(name, text)), MaxTurns = maxTurns }, default));
}
