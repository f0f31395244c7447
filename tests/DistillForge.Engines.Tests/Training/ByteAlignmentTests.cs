using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>A teacher's thoughts in another vocabulary.</summary>
public sealed class ByteAlignmentTests
{
    // a b c ab abc <end>
    static readonly Vocabulary Teacher = Of(["a", "b", "c", "ab", "<|end|>"], []);

    static readonly Vocabulary Student = Of(["<|end|>", "c", "b", "a", "bc"], ["b c"]);

    [Fact]
    public void Where_both_begin_a_token_the_teachers_candidates_are_the_students()
    {
        // "abc": the teacher reads ab·c·end, the student a·bc·end. They meet at 0 and at the end.
        var alignment = new ByteAlignment(Teacher, Student, AlignedHead.Mapped);

        var trace = alignment.Align(Tokens(Student, 3, 4, 0), Thoughts([3, 2, 4], [(0, 0.2), (1, 0.1), (3, 0.6)], [(2, 0.9)], [(4, 0.7), (0, 0.1)]));

        // "ab" and "a" both begin with the student's "a"; "b" is its own; 0.1 is left.
        Assert.Equal([2, 0, 2], trace.HeadSizes);
        Assert.Equal([2, 3, 0, 3], trace.HeadIds);
        Assert.Equal([0.1, 0.8, 0.7, 0.1], trace.HeadLogprobs.Select(log => Math.Round(Math.Exp(log), 5)));
        Assert.Equal([0.1, 1, 0.2], trace.TailLogSums[0].Values.Select(log => Math.Round(Math.Exp(log), 5)));
        Assert.Equal((2, 3), (alignment.Aligned, alignment.Positions));
        Assert.Null((trace with { Vocabulary = Student.Fingerprint }).Check());
    }

    [Fact]
    public void A_token_that_the_teacher_needs_several_for_gets_their_product()
    {
        // "abc" after "a": the teacher a·b·c·end, the student a·bc·end; bc = b·c.
        var alignment = new ByteAlignment(Teacher, Student, AlignedHead.Mapped);

        var trace = alignment.Align(Tokens(Student, 3, 4, 0), Thoughts([0, 1, 2, 4], [(0, 0.5)], [(1, 0.8), (2, 0.1)], [(2, 0.75)], [(4, 1 - 1e-6)]));

        Assert.Equal([1, 3, 1], trace.HeadSizes);
        // c, b without what goes on to bc, bc
        Assert.Equal([(1, 0.1), (2, 0.2), (4, 0.6)], trace.HeadIds[1..4].Zip(trace.HeadLogprobs[1..4], (id, log) => (id, Math.Round(Math.Exp(log), 5))));
        Assert.Equal(0.6, Math.Exp(trace.TokenLogprobs[1]), 5);
    }

    [Fact]
    public void Positions_where_they_do_not_meet_cost_and_teach_nothing()
    {
        using var scope = NewDisposeScope();
        var trace = new ByteAlignment(Teacher, Student, AlignedHead.Mapped).Align(Tokens(Student, 3, 4, 0), Thoughts([3, 2, 4], [(3, 0.6)], [(2, 0.9)], [(4, 0.7)]));
        var targets = BatchTensors.Of(Batch.Of([new Row(trace, 9)], TraceContents.Of([trace])), CPU).Targets;
        var logits = tensor(Enumerable.Range(0, 15).Select(i => Math.Sin(i)).ToArray(), [3, 5]).requires_grad_();

        var each = new ForwardKl(new()).PerToken(logits, targets);
        each.sum().backward();

        Assert.Equal(0, each.data<double>().ToArray()[1], 9);
        Assert.True(each.data<double>().ToArray()[0] > 0.01);
        Assert.Equal(0, logits.grad!.narrow(0, 1, 1).abs().max().item<double>(), 9);
    }

    [Fact]
    public void The_same_vocabulary_keeps_everything()
    {
        var thoughts = Thoughts([3, 2, 4], [(0, 0.2), (1, 0.1), (3, 0.6)], [(2, 0.9)], [(0, 0.1), (4, 0.7)]);
        // Its merges make "ab" of a and b, so that every token is what its text encodes to.
        var vocabulary = Of(["a", "b", "c", "ab", "<|end|>"], ["a b"]);

        var trace = new ByteAlignment(vocabulary, vocabulary, AlignedHead.Mapped).Align(Tokens(vocabulary, 3, 2, 4), thoughts);

        Assert.Equal(thoughts.HeadIds, trace.HeadIds);
        Assert.Equal(thoughts.HeadLogprobs.Select(log => Math.Round(log, 4)), trace.HeadLogprobs.Select(log => Math.Round(log, 4)));
    }

    [Fact]
    public void By_rank_only_uld_may_read_them()
    {
        var trace = new ByteAlignment(Teacher, Student, AlignedHead.Ranked).Align(Tokens(Student, 3, 4, 0), Thoughts([3, 2, 4], [(0, 0.2), (1, 0.1), (3, 0.6)], [(2, 0.9)], [(4, 0.7)]));
        var contents = TraceContents.Of([trace]) with { Heads = HeadKind.Ranked };

        Assert.Equal([0, 1, 2, 0], trace.HeadIds);
        Assert.Equal([0.6, 0.2, 0.1, 0.7], trace.HeadLogprobs.Select(log => Math.Round(Math.Exp(log), 5)));
        Assert.Empty(new Uld(new()).Check(contents));
        Assert.Contains("only say them by rank", Assert.Single(new ForwardKl(new()).Check(contents)).What, StringComparison.Ordinal);
        Assert.Contains("only say them by rank", Assert.Single(new Jsd(new()).Check(contents)).What, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_teacher_did_not_read_is_silent()
    {
        var tokens = Tokens(Student, 3, 4, 0);

        Assert.Equal([0, 0, 0], new ByteAlignment(Teacher, Student, AlignedHead.Mapped).Align(tokens, null).HeadSizes);
        // Another text under the same id.
        Assert.Equal([0, 0, 0], new ByteAlignment(Teacher, Student, AlignedHead.Mapped).Align(tokens, Thoughts([0, 4], [(0, 0.5)], [(4, 0.7)])).HeadSizes);
    }

    static Vocabulary Of(string[] tokens, string[] merges) => new()
    {
        Kind = "gpt2",
        Pre = "gpt-2",
        Tokens = tokens,
        Types = [.. tokens.Select(token => token.StartsWith("<|", StringComparison.Ordinal) ? TokenType.Control : TokenType.Normal)],
        Merges = merges,
        Eos = Array.IndexOf(tokens, "<|end|>"),
        ChatTemplate = Small.Vocabulary.ChatTemplate,
    };

    static TokenTrace Tokens(Vocabulary vocabulary, params int[] completion) => Some.Tokens("row", [1, .. completion], 1) with { Vocabulary = vocabulary.Fingerprint };

    // The realised token's probability is the head's, or a half.
    static TokenTrace Thoughts(int[] completion, params (int Id, double P)[][] heads) => Some.Tokens("row", [1, .. completion], 1) with
    {
        Scorer = "teacher",
        TokenLogprobs = [.. completion.Zip(heads, (id, head) => (float)Math.Log(head.Where(pair => pair.Id == id).Select(pair => pair.P).DefaultIfEmpty(0.5).Single()))],
        TokenRanks = new int[completion.Length],
        Entropies = new float[completion.Length],
        HeadSizes = [.. heads.Select(head => head.Length)],
        HeadIds = [.. heads.SelectMany(head => head.Select(pair => pair.Id))],
        HeadLogprobs = [.. heads.SelectMany(head => head.Select(pair => (float)Math.Log(pair.P)))],
        TailLogSums = [new TailLogSums(1, [.. heads.Select(head => (float)Math.Log(1 - head.Sum(pair => pair.P)))])],
    };
}
