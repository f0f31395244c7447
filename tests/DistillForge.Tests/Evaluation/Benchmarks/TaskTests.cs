using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Evaluation.Benchmarks;

namespace DistillForge.Tests.Evaluation.Benchmarks;

public sealed class NumericTests
{
    static Question Expecting(string number) => new("q", [Message.User("?")], number);

    static Numeric.Options Options => new() { File = new RecipeFile("none.csv", "none.csv") };

    [Theory]
    [InlineData("1234.5", "So it is 1,234.50 in total.", 1)]
    [InlineData("1234567", "1 234 567", 1)]
    [InlineData("1234567", "1'234'567", 1)]
    [InlineData("-3", "−3 °C", 1)]
    [InlineData("-3", "It is 3.", 0)]
    [InlineData("4", "3-4", 1)]
    [InlineData("1200", "1.2e3", 1)]
    [InlineData("42", "2 boxes of 21 make 42", 1)]
    [InlineData("42", "42, and not 41", 0)]
    [InlineData("0.5", ".5", 1)]
    [InlineData("12", "B12", 0)]
    [InlineData("12", "none", 0)]
    [InlineData("12", "", 0)]
    [InlineData("15", "$15", 1)]
    public void The_last_number_counts_however_it_is_written(string expected, string answer, double score)
        => Assert.Equal(score, new Numeric(Options).Grade(Expecting(expected), answer));

    [Theory]
    [InlineData("1.234,5", 1)]
    [InlineData("1234,5", 1)]
    [InlineData("1,234.5", 0)]
    public void With_a_decimal_comma_the_point_is_for_thousands(string answer, double score)
        => Assert.Equal(score, new Numeric(Options with { DecimalComma = true }).Grade(Expecting("1234,5"), answer));

    [Theory]
    [InlineData("2.05 km", 1)]
    [InlineData("2050 m", 1)]
    [InlineData("2.2 km", 0)]
    [InlineData("2", 0)]
    [InlineData("2 miles", 0)]
    public void Units_are_converted_and_one_that_is_expected_must_be_there(string answer, double score)
        => Assert.Equal(score, new Numeric(Options with { Tolerance = 0.1, Units = new Dictionary<string, double> { ["km"] = 1000, ["m"] = 1 } }).Grade(Expecting("2 km"), answer));

    [Theory]
    [InlineData(Numeric.Which.First, "3 and 4", 1)]
    [InlineData(Numeric.Which.Only, "3 and 4", 0)]
    [InlineData(Numeric.Which.Only, "it is 3", 1)]
    public void Which_number_is_a_choice(Numeric.Which take, string answer, double score)
        => Assert.Equal(score, new Numeric(Options with { Take = take }).Grade(Expecting("3"), answer));
}

public sealed class JsonFieldsTests
{
    static readonly Question Order = new("q", [Message.User("?")], """{"name":"Ada","items":["a","b"],"total":{"value":3.5,"paid":true}}""");

    static JsonFields.Options Options => new() { File = new RecipeFile("none.csv", "none.csv") };

    [Theory]
    [InlineData("""{"total":{"paid":true,"value":3.50},"name":"Ada","items":["a","b"]}""", 1, 0, 0)]
    [InlineData("""{"name":"Bob","items":["a","b"],"total":{"value":3.5,"paid":true}}""", 0.8, 0, 0)]
    [InlineData("""{"name":"Ada","items":["a"],"total":{"value":3.5,"paid":true}}""", 0.8, 1, 0)]
    [InlineData("""{"name":"Ada","items":["a","b"],"total":{"value":3.5,"paid":true},"more":null}""", 5.0 / 6, 0, 1)]
    [InlineData("""{"name":"Ada","items":["a","b"],"total":{"value":"3.5","paid":true}}""", 0.8, 0, 0)]
    [InlineData("""Sure: {"name":"Ada"}""", 0, 5, 0)]
    [InlineData("[]", 0, 5, 0)]
    public void Fields_count_one_by_one_and_those_too_many_count_against(string answer, double score, double missing, double extra)
    {
        var grade = new JsonFields(Options).Judge(Order, answer);

        Assert.Equal(score, grade.Score, 12);
        Assert.Equal((missing, extra), (grade.Figures!["missing fields"], grade.Figures["extra fields"]));
        Assert.Equal(answer.Contains("Ada", StringComparison.Ordinal) && answer[0] == '{' ? 1 : 0, grade.Figures["field name"]);
    }

    [Fact]
    public void Only_named_fields_count_where_some_are_named()
        => Assert.Equal(1, new JsonFields(Options with { Fields = ["total"], Tolerance = 0.01 }).Grade(Order, """{"total":{"value":3.505,"paid":true}}"""));
}

public sealed class TextOverlapTests
{
    // What evaluate-v2.0.py of SQuAD's authors prints for these pairs.
    [Theory]
    [InlineData("Denver Broncos", "The Denver Broncos!", 1)]
    [InlineData("the cat sat", "a cat", 2.0 / 3)]
    [InlineData("in 1990 in Oslo", "in in in Bergen", 0.5)]
    [InlineData("$5", "5", 1)]
    [InlineData("", "", 1)]
    [InlineData("", "the", 1)]
    [InlineData("yes", "", 0)]
    [InlineData("Äpfel", "äpfel", 1)]
    public void F1_is_that_of_squad(string expected, string answer, double score)
        => Assert.Equal(score, TokenF1.Score(expected, answer), 12);

    [Fact]
    public void Of_several_right_answers_the_best_counts()
    {
        var question = new Question("q", [Message.User("?")], """["red wine", "wine"]""");
        var file = new RecipeFile("none.csv", "none.csv");

        var grade = new TokenF1(new() { File = file }).Judge(question, "the Wine");

        Assert.Equal((1, 1), (grade.Score, grade.Figures!["exact"]));
        Assert.Equal(1, new RougeL(new() { File = file }).Grade(question, "wine"));
    }

    // Lin 2004, section 3: the gunman; then pairs with what npm's js-rouge gives with beta 1.
    [Theory]
    [InlineData("police killed the gunman", "police kill the gunman", 0.75)]
    [InlineData("police killed the gunman", "the gunman kill police", 0.5)]
    [InlineData("testing one two", "testing", 0.5)]
    [InlineData("w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8", 0.4)]
    [InlineData("w1 w2 w3 w4 w5", "w1 w3 w8 w9 w5", 0.6)]
    [InlineData("the quick brown fox jumps over the lazy dog near the river bank", "a brown fox quickly jumps the dog over near a bank of the river", 16.0 / 27)]
    [InlineData("one", "", 0)]
    [InlineData("It's 3.5!", "it s 3 5", 1)]
    public void Rouge_l_is_that_of_the_paper(string expected, string answer, double score)
        => Assert.Equal(score, RougeL.Score(expected, answer).F, 12);
}

public sealed class MultipleChoiceTests : IDisposable
{
    readonly string file = Path.GetTempFileName() + ".csv";

    public MultipleChoiceTests() => File.WriteAllText(file, "question,a,b,c,answer\nWhich?,no,yes it is,maybe,B\nWhich?,1,2,3,2\n");

    public void Dispose() => File.Delete(file);

    MultipleChoice.Options Options => new() { File = new RecipeFile(file, file), Choices = ["a", "b", "c"], Most = 1 };

    /// <summary>Every letter is a token; how likely it is depends on the letter alone.</summary>
    sealed class LetterModel : IAnswerScorer
    {
        public string Vocabulary => "letters";

        public TokenSequence Sequence(IReadOnlyList<Message> messages, string answer) => new("letters", [0, .. answer.Select(letter => (int)letter), 1], 1);

        public Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken) => throw new NotSupportedException();

        // An end is so unlikely that whoever counted it would find "no" the worst; "n" and "o" are worse than others, but few.
        public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken) => Task.FromResult(new TokenTrace
        {
            Id = "",
            Scorer = "",
            Vocabulary = "letters",
            TokenIds = [.. tokens.TokenIds],
            PromptLength = 1,
            LossMask = [],
            TokenLogprobs = [.. tokens.TokenIds.Skip(1).Select((id, i) => id == 1 ? (i == 2 ? -100f : 0f) : id == ' ' ? -0.5f : "no".Contains((char)id) ? -1f : -0.9f)],
        });
    }

    [Theory]
    [InlineData(false, "no", 0)]
    [InlineData(true, "yes it is", 1)]
    public async Task The_sum_favours_short_choices_and_the_mean_does_not(bool normalised, string chosen, double score)
    {
        var task = await TaskScore.MeasureAsync("mc", new MultipleChoice(Options with { Normalised = normalised }), new LetterModel(), maxTokens: 4, atOnce: 2, SilentProgress.Instance, CancellationToken.None);

        var answer = Assert.Single(task.Answers);
        Assert.Equal((chosen, score), (answer.Answer, answer.Score));
        Assert.Equal((0, 1), (task.Figures["acc"], task.Figures["acc_norm"]));
        Assert.Equal(normalised ? "acc_norm" : "acc", task.Measure);
    }

    [Fact]
    public void An_answer_that_could_mean_two_choices_is_refused_until_somebody_says_which()
    {
        var refused = Assert.Throws<ForgeException>(() => new MultipleChoice(Options with { Most = 0 }).Questions().ToList());

        Assert.Contains("could mean '2' or '3'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_sees_columns_and_lettered_choices()
    {
        var question = new MultipleChoice(Options with { Prompt = "{{question}}{{#each choices}} {{letter}}) {{text}}{{/each}}" }).Questions().Single();

        Assert.Equal("Which? A) no B) yes it is C) maybe", question.Messages[^1].Content);
        Assert.Equal("yes it is", question.Expected);
    }

    [Fact]
    public async Task A_model_that_cannot_say_how_likely_an_answer_is_has_failed_and_not_been_wrong()
    {
        var task = await TaskScore.MeasureAsync("mc", new MultipleChoice(Options), new TableModel(1), 4, 2, SilentProgress.Instance, CancellationToken.None);

        Assert.StartsWith("no-log-likelihood", task.Answers.Single().Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{> /etc/passwd}}", "partials")]
    [InlineData("{{#each a}}{{#each b}}{{#each c}}{{#each d}}{{/each}}{{/each}}{{/each}}{{/each}}", "nests")]
    public void A_hostile_template_is_refused_when_the_recipe_is_read(string prompt, string why)
        => Assert.Contains(why, (Options with { Prompt = prompt }).Check().Single().What, StringComparison.Ordinal);
}

public sealed class ProgramBenchmarkTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_program_of_ones_own_runs_the_code_and_says_what_is_wrong()
    {
        var questions = Path.Combine(folder.FullName, "code.jsonl");
        File.WriteAllText(questions, """{"question":"Add.","answer":"echo $((1+2))"}""" + "\n");
        File.WriteAllText(Path.Combine(folder.FullName, "check.sh"), "read -r row; case \"$row\" in *'answer\":\"echo 3'*) exit 0;; *'answer\":\"echo'*) echo wrong sum; exit 1;; *sleep*) sleep 60;; esac; exit 7\n");
        // Only who is meant to run out of time has little: a busy machine takes long to start a program.
        ProgramBenchmark benchmark = new(Options(seconds: 30)), hurried = new(Options(seconds: 0.5));
        var question = Assert.Single(benchmark.Questions());

        Assert.Equal((1, null), Graded(benchmark, "echo 3"));
        Assert.Equal((0, "wrong sum"), Graded(benchmark, "echo 4"));
        Assert.Equal((0, "ended with 7"), Graded(benchmark, "rm"));
        Assert.Equal((0, "ran longer than 0.5 s"), Graded(hurried, "sleep"));

        ProgramBenchmark.Options Options(double seconds) => new() { File = new RecipeFile(questions, questions), Command = ["sh", "check.sh"], Seconds = seconds };

        (double, string?) Graded(ProgramBenchmark by, string answer) => by.Judge(question, answer) is var grade ? (grade.Score, grade.Why) : default;
    }
}

public sealed class TaskResultTests
{
    static TaskScore Scored(params double[] scores) => new("notes", [.. scores.Select((score, i) => new GradedAnswer(new($"{i}", [], ""), "", score))]) { Measure = "F1" };

    [Fact]
    public void Models_are_paired_by_question_and_one_that_was_asked_less_is_not()
    {
        var result = Assert.Single(TaskResult.Of([("teacher", [Scored(1, 1, 0.5, 1)]), ("student", [Scored(0.5, 1, 0.5, 0)]), ("baseline", [Scored(0, 0)])], seed: 1));

        Assert.Equal(("notes", "F1"), (result.Benchmark, result.Measure));
        Assert.Equal(-0.375, result.StudentMinusTeacher!.Value, 12);
        Assert.True(result.StudentMinusTeacher is { Low: <= -0.375 and >= -1, High: >= -0.375 and <= 0 });
        Assert.Null(result.StudentMinusBaseline);
        Assert.Equal((2, 0.0), (result.Models["baseline"].Questions, result.Models["baseline"].Mean));
        Assert.True(result.Models["student"].Interval is { Low: > 0 and < 0.5, High: > 0.5 and < 1 });
    }
}

public sealed class ReadmeTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The section of the README is a recipe that is read, whose questions are made from tables as it says.</summary>
    [Fact]
    public void The_benchmarks_of_the_readme_are_read_as_they_stand_there()
    {
        var readme = File.ReadAllText(Path.Combine(Home.Root, "README.md"));
        var from = readme.IndexOf("evaluate:\n  benchmarks:", StringComparison.Ordinal);
        var example = readme[from..readme.IndexOf("```", from, StringComparison.Ordinal)];
        folder.Put("rows.jsonl", "");
        folder.Put("check.py", "");
        folder.Put("sums.csv", "question,answer,subject\nHow far is it?,2 km,way\n");
        folder.Put("exam.jsonl", """{"question":"Which?","options":["red","blue"],"answer":"B"}""" + "\n");
        folder.Put("forms.jsonl", """{"letter":"I am Ada.","fields":{"name":"Ada"}}""" + "\n");
        folder.Put("capitals.csv", "question,answer\nFrance?,Paris\n");
        folder.Put("articles.csv", "question,answer\nWho?,Ada\n");
        folder.Put("code.jsonl", """{"question":"Add.","answer":"1"}""" + "\n");
        folder.Put("my.yaml", "name: my\ndataset: { jsonl: rows.jsonl }\nstudent: { layers: 1, width: 32, heads: 2, vocabulary: { train: 512 } }\ntrain: { losses: [ cross-entropy ] }\n" + example);
        var catalog = new Catalog<IBenchmark>(typeof(HomeActions).Assembly);

        var recipe = RecipeReader.Read(folder["my.yaml"], new KnownNames { Benchmarks = catalog.Names.ToDictionary(name => name, catalog.OptionsOf) });
        var questions = recipe.Evaluate.Benchmarks.ToDictionary(setting => setting.Name, setting => catalog.Create(setting.Name, setting.Options).Questions().Single());

        Assert.Equal(["exact-match", "numeric", "multiple-choice", "json-fields", "token-f1", "rouge-l", "program"], recipe.Evaluate.Benchmarks.Select(setting => setting.Name));
        Assert.Equal(("France?", "Paris"), (questions["exact-match"].Messages[^1].Content, questions["exact-match"].Expected));
        Assert.Equal("How far is it? Answer with a number and a unit.", questions["numeric"].Messages[^1].Content);
        Assert.Equal(("way", "2 km"), (questions["numeric"].Category, questions["numeric"].Expected));
        Assert.Equal("Which?\nA) red\nB) blue\nAnswer:", questions["multiple-choice"].Messages[^1].Content.Trim());
        Assert.Equal("blue", questions["multiple-choice"].Expected);
        Assert.Equal("""{"name":"Ada"}""", questions["json-fields"].Expected);
    }
}
