using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class ImportTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"prompt": "2+2?", "completion": "4"}""", "user: 2+2?", "assistant: 4")]
    [InlineData("""{"question": "2+2?", "answer": "4", "category": "sum"}""", "user: 2+2?", "assistant: 4")]
    [InlineData("""{"text": "hello"}""", "user: hello", "")]
    [InlineData("""{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}""", "system: s|user: u", "assistant: a")]
    [InlineData("""{"messages": [{"role": "user", "content": "u"}]}""", "user: u", "")]
    [InlineData("""{"prompt": [{"role": "user", "content": "p"}], "completion": [{"role": "assistant", "content": "c"}]}""", "user: p", "assistant: c")]
    [InlineData("""{"prompt": "p", "chosen": "good", "rejected": "bad"}""", "user: p", "assistant: good")]
    public async Task Json_lines_are_read_in_the_forms_that_people_use(string line, string prompt, string completion)
    {
        var row = (await Some.ListAsync(Import.JsonlAsync(folder.Put("x.jsonl", "\n" + line + "\n"), default))).Single();

        Assert.Equal((2, prompt, completion), (row.Line, Text(row.Prompt), Text(row.Completion)));
    }

    [Theory]
    [InlineData("{\"prompt\": \"a\"}\n{oops", "is no JSON: 'o' is an invalid start of a property name.", 2)]
    [InlineData("{\"prompt\": \"a\"}\n\n{\"promt\": \"b\"}", "has none of 'messages', 'conversations', 'instruction', 'prompt', 'question', 'text', 'chosen' and 'turns'; its keys are 'promt'.", 3)]
    [InlineData("{\"prompt\": \"a\", \"chosen\": [{\"role\": \"user\", \"content\": \"b\"}]}", "has a 'chosen' that does not end with the assistant's answer.", 1)]
    [InlineData("[1]", "is no object.", 1)]
    [InlineData("{\"prompt\": \"a\", \"prompt\": \"b\"}", "is no JSON: Duplicate property 'prompt'", 1)]
    [InlineData("{\"prompt\": 7}", "has a 'prompt' that is neither a text nor a list of messages.", 1)]
    [InlineData("{\"messages\": [{\"role\": \"user\"}]}", "has a message in 'messages' without the text 'content'.", 1)]
    [InlineData("{\"messages\": []}", "has an empty prompt.", 1)]
    public async Task A_line_that_does_not_do_is_named(string text, string what, int line)
    {
        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.JsonlAsync(folder.Put("x.jsonl", text), default)));

        Assert.Equal(line, error.Problems.Single().Line);
        Assert.StartsWith(what, error.Problems.Single().What);
    }

    [Theory]
    [InlineData("""{"prompt": "p", "chosen": "good", "rejected": "bad"}""")]
    [InlineData("""{"chosen": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "good"}], "rejected": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "bad"}]}""")]
    [InlineData("""{"prompt": "p", "completion": "good", "rejected": "bad"}""")]
    public async Task A_rejected_answer_comes_beside_the_chosen_one(string line)
    {
        var row = (await Some.ListAsync(Import.JsonlAsync(folder.Put("x.jsonl", line), default))).Single();

        Assert.Equal(("user: p", "assistant: good", "bad"), (Text(row.Prompt), Text(row.Completion), row.Rejected));
    }

    [Fact]
    public async Task Text_that_is_not_utf8_is_named()
    {
        await File.WriteAllBytesAsync(folder["x.jsonl"], [0x7b, 0xff, 0xfe, 0x7d]);

        Assert.Contains("is not UTF-8 text", (await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.JsonlAsync(folder["x.jsonl"], default)))).Message);
    }

    [Fact]
    public async Task Csv_brings_quoted_text_and_the_category()
    {
        var rows = await Some.ListAsync(Import.CsvAsync(folder.Put("x.csv", "text,category\n\"Hello, \"\"you\"\"\nthere\",greeting\nBye,parting\n"), "text", null, default));

        Assert.Equal([("user: Hello, \"you\"\nthere", "greeting"), ("user: Bye", "parting")], rows.Select(row => (Text(row.Prompt), row.Category)));
    }

    [Theory]
    [InlineData("txt,category\na,b\n", "text", "is no column. Did you mean 'txt'?", 1)]
    [InlineData("text\na\n\" \"\n", "text", "is empty. Remove the line, or fill it.", 3)]
    [InlineData("text,answer\nturn on, please,ok\n", "", "has 3 fields, and the first line names 2. Put a text that holds a comma into quotation marks.", 2)]
    [InlineData("text,text\na,b\n", "text", "names two columns. Give each a name of its own.", 1)]
    public async Task Csv_problems_name_column_and_line(string text, string column, string what, int line)
    {
        var problem = (await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.CsvAsync(folder.Put("x.csv", text), "text", null, default)))).Problems.Single();

        Assert.Equal((column, what, line), (problem.Where, $"{problem.What} {problem.Instead}", problem.Line));
    }

    [Fact]
    public async Task Turns_give_the_first_user_turn_of_each_dialogue_and_pass_over_stories()
    {
        var path = folder.Put("x.txt", "User: Hi <|endoftext|>\nBot: Hello<|endoftext|>\nUser: Second\nBot: …\n\nSummary: A cat.\nStory: Once.\n\nUser: Bye\nBot: Bye<|endoftext|>\n");

        var rows = await Some.ListAsync(Import.TurnsAsync(path, default));

        Assert.Equal([(1, "user: Hi"), (9, "user: Bye")], rows.Select(row => (row.Line, Text(row.Prompt))));
    }

    [SharedFact("data/soda-chat/chat_val.txt")]
    public async Task The_soda_file_gives_its_dialogues_first_turns()
    {
        var rows = await Some.ListAsync(Import.TurnsAsync(SharedFiles.PathOf("data/soda-chat/chat_val.txt"), default));

        Assert.Equal(704, rows.Count);
        Assert.Equal("user: Oh, thank goodness. I thought I'd never make it out of there.", Text(rows[0].Prompt));
        Assert.DoesNotContain(rows, row => row.Prompt[0].Content.Contains("<|endoftext|>"));
    }

    [SharedFact("data/banking77/test.csv")]
    public async Task Banking77_gives_every_question_with_its_intent()
    {
        var rows = await Some.ListAsync(Import.CsvAsync(SharedFiles.PathOf("data/banking77/test.csv"), "text", null, default));

        Assert.Equal((3080, 77), (rows.Count, rows.Select(row => row.Category).Distinct().Count()));
    }

    [Fact]
    public async Task A_system_message_and_a_count_are_applied()
    {
        var path = folder.Put("x.jsonl", "{\"text\": \"a\"}\n{\"messages\": [{\"role\": \"system\", \"content\": \"own\"}, {\"role\": \"user\", \"content\": \"b\"}]}\n{\"text\": \"c\"}\n");

        var rows = await Some.ListAsync(Import.PromptsAsync(new PromptSource { Jsonl = new RecipeFile("x.jsonl", path), System = "ours", Count = 2 }, default));

        Assert.Equal(["system: ours|user: a", "system: own|user: b"], rows.Select(row => Text(row.Prompt)));
    }

    [Fact]
    public async Task A_dataset_without_answers_is_refused_at_its_line()
    {
        var path = folder.Put("x.jsonl", "{\"question\": \"a\", \"answer\": \"b\"}\n{\"question\": \"c\"}\n");

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.DatasetAsync(new DatasetSource { Jsonl = new RecipeFile("x.jsonl", path) }, default)));

        Assert.Equal((2, "has no answer."), (error.Problems.Single().Line, error.Problems.Single().What));
    }

    [Theory]
    [InlineData("""{"conversations": [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}], "system": "s"}""", "system: s|user: u", "assistant: a", null)]
    [InlineData("""{"conversations": [{"from": "human", "value": "u"}], "chosen": {"from": "gpt", "value": "a"}, "rejected": {"from": "gpt", "value": "b"}}""", "user: u", "assistant: a", "b")]
    [InlineData("""{"instruction": "add", "input": "2+2", "output": "4", "system": "", "history": [["p", "q"]], "text": "whole"}""", "user: p|assistant: q|user: add\n2+2", "assistant: 4", null)]
    [InlineData("""{"input": {"messages": [{"role": "user", "content": "u"}]}, "preferred_output": [{"role": "assistant", "content": "a"}], "non_preferred_output": [{"role": "assistant", "content": "b"}]}""", "user: u", "assistant: a", "b")]
    public async Task Shapes_of_other_trainers_are_found_out(string line, string prompt, string completion, string? rejected)
    {
        var row = (await Some.ListAsync(Import.JsonlAsync(folder.Put("x.jsonl", line), default))).Single();

        Assert.Equal((prompt, completion, rejected), (Text(row.Prompt), Text(row.Completion), row.Rejected));
    }

    [Theory]
    [InlineData("""{"conversations": [{"from": "function_call", "value": "u"}]}""", "has a turn in 'conversations' from 'function_call'; known are human, gpt, system and observation.", null)]
    [InlineData("""{"instruction": "a", "history": [["b"]]}""", "has a 'history' that is no list of pairs of texts.", null)]
    [InlineData("""{"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a", "weight": 0}]}""", "has a message in 'messages' with weight 0: an answer that is not to be learned. Remove the row, or the weight.", null)]
    [InlineData("""{"preferred_output": []}""", "has a 'preferred_output' without 'input': { 'messages': […] }.", null)]
    [InlineData("""{"messages": []}""", "is not of the shape 'alpaca'; its keys are 'messages'.", "alpaca")]
    [InlineData("""{"text": "\ud800"}""", "holds half of a surrogate pair, which is no text.", null)]
    public async Task A_row_that_is_not_of_its_shape_is_named(string line, string what, string? shape)
    {
        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.JsonlAsync(folder.Put("x.jsonl", "\n" + line), default, shape)));

        Assert.Equal((2, what), (error.Problems.Single().Line, error.Problems.Single().What));
    }

    [Fact]
    public async Task Csv_with_the_columns_of_a_shape_needs_no_column_names()
    {
        var path = folder.Put("x.csv", "instruction,input,output\n\"say \"\"hi\"\"\",,hi\n[1],x,y\n,,z\n");

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(Import.CsvAsync(path, "text", null, default)));
        var rows = await Import.CsvAsync(path, "text", null, default).Take(2).ToListAsync();

        Assert.Equal(["user: say \"hi\" assistant: hi", "user: [1]\nx assistant: y"], rows.Select(row => $"{Text(row.Prompt)} {Text(row.Completion)}"));
        Assert.Equal(4, error.Problems.Single().Line);
    }

    static string Text(IReadOnlyList<Message> messages) => string.Join('|', messages.Select(message => $"{message.Role}: {message.Content}"));
}
