using DistillForge.Data;
using DistillForge.Filters;

namespace DistillForge.Tests.Data;

public sealed class TermsTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gpt-4o-mini", null, "https://api.openai.com/v1", MayTrain.No)]
    [InlineData("Qwen2.5-7B-Instruct-Q4_K_M", null, null, MayTrain.Yes)]
    [InlineData("Meta-Llama-3-8B-Instruct", null, null, MayTrain.No)]
    [InlineData("Llama-3.1-8B-Instruct", null, null, MayTrain.Yes)]
    [InlineData("whatever", "5642722791EBCCD0DC9D35C0895DAA1C80C55D83D895E4B96ADC38521102F84C", null, MayTrain.Yes)]
    [InlineData("somebody", null, "http://localhost:8000/v1", MayTrain.Unknown)]
    public void Our_own_register_knows_teachers_by_name_hash_and_address(string name, string? sha256, string? endpoint, MayTrain expected)
        => Assert.Equal(expected, TermsRegister.Own.Of(new TeacherSigns([name], sha256, endpoint is null ? null : [endpoint])).Terms.MayTrain);

    [Fact]
    public void The_first_entry_that_knows_a_teacher_counts_and_says_by_which_sign()
    {
        folder.Put("a.yaml", "teachers:\n  - { name: ours, match: { model: 'big*' }, may_train: yes }\n");
        folder.Put("b.yaml", "teachers:\n  - { name: all, match: { model: '*' }, may_train: no }\n");

        var register = TermsRegister.Read([folder["a.yaml"], folder["missing.yaml"], folder["b.yaml"]]);

        Assert.Equal(("ours", "model big*"), (register.Of(new(["BIG-1"])).Terms.Name, register.Of(new(["BIG-1"])).By));
        Assert.Equal("all", register.Of(new(["small"])).Terms.Name);
    }

    [Theory]
    [InlineData("teachers:\n  - { name: x, match: {}, may_train: yes }", "has nothing to be known by.")]
    [InlineData("teachers:\n  - { name: x, match: { model: y }, may_train: maybe }", "is 'maybe'; it takes unknown or yes or no.")]
    [InlineData("teachers:\n  - { name: x, match: { modle: y }, may_train: no }", "unknown key.")]
    [InlineData("teachers:\n", "is empty.")]
    [InlineData("teachers: [ ~ ]", "is empty.")]
    [InlineData("teachers: none", "is 'none'; it takes keys and values.")]
    [InlineData("teachers: &a [ *a ]", "is not YAML: '*a' refers to another value; write the value itself")]
    [InlineData("teachers:\n  - { name: [ x ], match: yes, may_train: { a: b } }", "is a list; it takes a text.")]
    [InlineData("teachers:\n  - { name: x, match: { model: y }, may_train: yes, license: [ MIT, Apache-2.0 ] }", "is a list; it takes a text.")]
    [InlineData("teachers:\n  - { name: x, match: { model: y }, may_train: no, terms: \"a\\e]0;b\\a\" }", "holds characters that steer a terminal.")]
    [InlineData("teachers:\n  - { name: '', match: { model: y }, may_train: no }", "is empty.")]
    [InlineData("teachers:\n  - { name: x, match: { model: '' }, may_train: no }", "has a pattern that is empty, or longer than 4,000 characters.")]
    [InlineData("teachers:\n  - { name: x, match: { sha256: zz }, may_train: yes }", "'zz' is no SHA-256.")]
    public void A_register_that_cannot_be_relied_on_is_refused(string text, string what)
    {
        folder.Put("teachers.yaml", text);

        var error = Assert.Throws<ForgeException>(() => TermsRegister.Read([folder["teachers.yaml"]]));

        Assert.Contains(what, error.Problems.Select(problem => problem.What));
    }

    [Fact]
    public void A_forbidden_row_is_dropped_unless_a_person_answers_for_it_and_unknown_terms_are_told()
    {
        folder.Put("teachers.yaml", "teachers:\n  - { name: no, match: { model: rival }, terms: 'https://rival.example/terms', may_train: no }\n  - { name: yes, match: { model: friend }, may_train: yes }\n");
        var register = TermsRegister.Read([folder["teachers.yaml"]]);
        var strict = new Terms(new(), new TermsInForce(register, new Dictionary<string, TeacherSigns>(), null));
        var lifted = new Terms(new(), new TermsInForce(register, new Dictionary<string, TeacherSigns>(), new OverrideSettings("Ada", "a contract")));
        Example Row(string author) => Some.Example(1) with { Author = author, AuthorSha256 = null };

        Assert.Equal((FilterAction.Drop, "terms-forbid-training"), Said(strict.Judge(Row("rival"))));
        Assert.Contains("https://rival.example/terms", strict.Judge(Row("rival")).Reason!.Detail, StringComparison.Ordinal);
        Assert.Equal((FilterAction.Keep, null), Said(strict.Judge(Row("friend"))));
        Assert.Equal((FilterAction.Warn, "terms-unknown"), Said(strict.Judge(Row("stranger"))));
        Assert.Equal((FilterAction.Drop, "terms-unknown"), Said(new Terms(new(FilterAction.Drop), null).Judge(Row("stranger"))));
        Assert.Equal((FilterAction.Warn, "terms-overridden"), Said(lifted.Judge(Row("rival"))));
        Assert.Contains("Ada", lifted.Judge(Row("rival")).Reason!.Detail, StringComparison.Ordinal);
        Assert.Contains("a contract", lifted.Judge(Row("rival")).Reason!.Detail, StringComparison.Ordinal);

        static (FilterAction, string?) Said(Verdict verdict) => (verdict.Action, verdict.Reason?.Code);
    }

    [Fact]
    public void A_policy_cannot_soften_terms()
    {
        folder.Put("policy.yaml", "filters:\n  - terms: { action: warn }\n");

        var error = Assert.Throws<ForgeException>(() => RecipeReader.ReadPolicy(folder["policy.yaml"], KnownNames.Unchecked with { Filters = FilterPipeline.Known }));

        Assert.Contains("override", Assert.Single(error.Problems).Instead, StringComparison.Ordinal);
    }
}
