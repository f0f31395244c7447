using System.Text.RegularExpressions;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Evaluation.Benchmarks;
using DistillForge.Evaluation.Perturbations;

namespace DistillForge.Tests;

public sealed class PerturbationTests : IDisposable
{
    const string Command = "Please set the kitchen lamp to 35 percent in 10 minutes, `Total = 7`, for \"Max Mustermann\"";

    static readonly Catalog<IPerturbation> Catalog = new(typeof(TaskScore).Assembly);

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    public static TheoryData<string> Kinds => [.. Catalog.Names];

    static string Apply(string kind, string text, int seed = 1) => Catalog.Create(kind, null).Apply(text, new Random(seed));

    static string Kept(string text, string pattern) => string.Join('|', Regex.Matches(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)).Select(match => match.Value));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_repeats_itself_by_its_seed_and_leaves_digits_code_and_quotations(string kind)
    {
        foreach (var seed in Enumerable.Range(0, 50))
        {
            var changed = Apply(kind, Command, seed);

            Assert.Equal(changed, Apply(kind, Command, seed));
            Assert.Equal(Kept(Command, "[0-9]+"), Kept(changed, "[0-9]+"));
            Assert.Equal(Kept(Command, "`.*`|\".*\""), Kept(changed, "`.*`|\".*\""));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_changes_a_plain_English_question(string kind)
        => Assert.All(Enumerable.Range(0, 50), seed => Assert.NotEqual("what is the capital of France", Apply(kind, "what is the capital of France", seed)));

    [Fact]
    public void Typos_are_slips_within_longer_words_and_as_many_as_asked_for()
    {
        const string text = "turn off the television upstairs at ten";
        var most = 0;
        foreach (var seed in Enumerable.Range(0, 50))
        {
            var (one, three) = (new Typos(new(Rate: 0.03)).Apply(text, new Random(seed)), new Typos(new(Rate: 0.1)).Apply(text, new Random(seed)));
            // 33 letters make one slip and three; two letters swapped are two edits.
            Assert.InRange(Edits(one), 1, 2);
            Assert.InRange(Edits(three), 1, 6);
            Assert.All(["off", "the", "at", "ten"], word => Assert.Contains(word, one, StringComparison.Ordinal));
            most = Math.Max(most, Edits(three));
        }

        Assert.True(most >= 4, $"{most}");

        static int Edits(string changed) => (int)Math.Round((1 - AnswerAgreement.EditSimilarity(text, changed)) * Math.Max(text.Length, changed.Length));
    }

    [Theory]
    [InlineData("lower-case")]
    [InlineData("upper-case")]
    [InlineData("random-case")]
    public void Case_changes_nothing_else(string kind) => Assert.Equal(Command, Apply(kind, Command), ignoreCase: true);

    [Fact]
    public void Noise_adds_and_takes_no_letter()
    {
        static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit));
        foreach (var seed in Enumerable.Range(0, 50))
        {
            Assert.Equal(Letters(Command), Letters(Apply("punctuation", Command, seed)));
            Assert.EndsWith(" " + Command, Apply("distraction", Command, seed), StringComparison.Ordinal);
            Assert.Equal("dim the lamp", Regex.Replace(Apply("fillers", "dim the lamp", seed), "(um|uh|er|like|well|you know), ", "", RegexOptions.None, TimeSpan.FromSeconds(1)));
        }
    }

    [Theory]
    [InlineData("Close the blinds in the office.", new[] { "In the office, close the blinds.", "Please close the blinds in the office.", "Could you please close the blinds in the office.", "I would like you to close the blinds in the office.", "I need you to close the blinds in the office." })]
    [InlineData("what is the capital of France", new[] { "what's the capital of France", "please tell me: what's the capital of France", "I have a question: what's the capital of France", "I would like to know: what's the capital of France" })]
    [InlineData("Schalte bitte das Licht aus", new[] { "Schalte bitte das Licht aus" })]
    public void Rules_paraphrase_English_and_nothing_else(string text, string[] possible)
        => Assert.All(Enumerable.Range(0, 50), seed => Assert.Contains(Apply("paraphrase", text, seed), possible, StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void Synonyms_come_from_a_table_and_replace_whole_words()
    {
        File.WriteAllText(scratch["words.csv"], "word,synonym\ndim,lower\nlamp,light\n");
        var paraphrase = new Paraphrase(new(new RecipeFile("words.csv", scratch["words.csv"])));

        Assert.All(Enumerable.Range(0, 20), seed => Assert.Contains("lower the dimmest light", paraphrase.Apply("Dim the dimmest lamp", new Random(seed)), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Instructions_and_choices_around_a_question_stay_and_its_own_paraphrase_comes_first()
    {
        File.WriteAllText(scratch["sums.csv"], "question,answer,paraphrase\nhow much is two plus two,4,add two to two\nhow much is one plus one,2,\n");
        var benchmark = new ExactMatch(new() { File = new RecipeFile("sums.csv", scratch["sums.csv"]), Prompt = "Sum: {{question}}\nA) Answer" });

        var asked = PerturbedQuestion.Of("sums", [.. benchmark.Questions()], [("upper-case", new UpperCase()), ("paraphrase", new Paraphrase(new()))], most: 10, seed: 3).ToList();

        Assert.Equal(["upper-case", "paraphrase by hand", "upper-case", "paraphrase"], asked.Select(question => question.Kind));
        Assert.Equal(["Sum: HOW MUCH IS TWO PLUS TWO\nA) Answer", "Sum: add two to two\nA) Answer"], asked.Take(2).Select(question => question.Changed.Messages[^1].Content));
    }

    [Theory]
    [InlineData("Dim the lamp.", "lower the light", "lower the light")]
    [InlineData("Dim the lamp.", " \"Lower the light.\"\n", "Lower the light.")]
    [InlineData("Say \"hello\"", "\"hello\" is what you say", "\"hello\" is what you say")]
    [InlineData("what is 2 - 2", "what is 2 + 2", "what is 2 + 2")]
    [InlineData("Dim the lamp.", "dim  the lamp", null)]
    [InlineData("dim the lamp", "“Dim the lamp!”", null)]
    [InlineData("dim the lamp", "...", null)]
    [InlineData("dim the lamp", "", null)]
    public void An_echo_in_other_signs_is_no_other_wording(string question, string said, string? asked)
        => Assert.Equal(asked, PerturbedQuestion.Of("lamps", "paraphrase by m", new Question("q", [Message.User(question)], ""), said)?.Changed.Messages[^1].Content);

    [Fact]
    public async Task What_is_lost_and_what_stays_is_counted_by_question_beside_the_teacher()
    {
        Question[] questions = [.. Enumerable.Range(0, 4).Select(i => new Question($"q{i}", [Message.User($"lamp {i}")], $"LAMP {i}"))];
        var asked = PerturbedQuestion.Of("lamps", questions, [("upper-case", new UpperCase()), ("distraction", new Distraction())], most: 4, seed: 1).ToList();
        var benchmark = new Known(questions);
        var answered = questions.Take(2).ToDictionary(question => question.Id, question => new GradedAnswer(question, question.Expected, 1));
        // It says what it is told in capitals: a sentence before the question is a mistake.
        var shouting = await PerturbedAnswer.MeasureAsync(benchmark, asked, answered, new TableModel(1), 8, 2, SilentProgress.Instance, CancellationToken.None);
        var perfect = asked.Select(question => new PerturbedAnswer(question, new(question.Clean, question.Clean.Expected, 1), new(question.Clean, question.Clean.Expected, 1))).ToList();

        var results = RobustnessResult.Of([("teacher", perfect), ("student", shouting)], _ => ("exact match", true), seed: 1).ToDictionary(result => result.Kind);

        Assert.Equal([RobustnessResult.All, "upper-case", "distraction"], results.Keys);
        Assert.Equal((1.0, 0.0, 0.0), (results["distraction"].Models["student"].Clean, results["distraction"].Models["student"].Changed, results["distraction"].Models["student"].SameAnswers));
        Assert.Equal((1.0, 1.0), (results["upper-case"].Models["student"].Changed, results["upper-case"].Models["student"].SameAnswers));
        Assert.Equal((0.5, 0.5, 0.5), (results[RobustnessResult.All].Models["student"].Drop!.Value, results[RobustnessResult.All].Models["student"].Drop!.Low, results[RobustnessResult.All].StudentMinusTeacher!.Value));
        Assert.Equal(0, results[RobustnessResult.All].Models["teacher"].Drop!.Value);
        Assert.Equal(4, results[RobustnessResult.All].Questions);
    }

    sealed class Known(IReadOnlyList<Question> questions) : IBenchmark
    {
        public IEnumerable<Question> Questions() => questions;

        public double Grade(Question question, string answer) => answer == question.Expected ? 1 : 0;
    }
}
