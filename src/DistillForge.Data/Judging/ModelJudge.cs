using System.Collections.Concurrent;
using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Data;

/// <summary>Who can be asked for a judgement.</summary>
public interface IJudge
{
    string Name { get; }

    /// <summary>See <see cref="ITeacher.Identity"/>.</summary>
    string Identity { get; }

    /// <summary>Of its traces; null where it gives none. Known after the first answer.</summary>
    ITokenizer? Tokenizer { get; }

    /// <summary>Calls overlap; the implementer batches them.</summary>
    Task<Answer> AskAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken);
}

/// <summary>A language model that judges by a rubric. The same material is never asked about twice, now or in a later session.</summary>
/// <param name="mayAsk">False: what was judged before is all there is.</param>
public sealed class ModelJudge(Rubric rubric, IJudge judge, JudgementFile file, bool mayAsk)
{
    readonly ConcurrentDictionary<string, Lazy<Task<Judgement>>> underWay = new(StringComparer.Ordinal);

    public string Name => judge.Name;

    /// <returns>Null where nobody may be asked and nobody was.</returns>
    public Task<Judgement?> ScoreAsync(Example example, CancellationToken cancellationToken)
        => JudgeAsync(JudgeQuestion.ToScore(rubric, example.Prompt, example.Text, example.Expected), example.Id, cancellationToken);

    /// <summary>Which answer is better, asked in both orders: a judge that changes its mind with the order has none, and that is a tie.</summary>
    /// <returns>1: the first is better; 0: the second; 0.5: a tie; null: no judgement.</returns>
    public async Task<double?> CompareAsync(string id, IReadOnlyList<Message> conversation, string first, string second, CancellationToken cancellationToken)
    {
        var orders = await Task.WhenAll(
            JudgeAsync(JudgeQuestion.ToCompare(rubric, conversation, first, second), id, cancellationToken),
            JudgeAsync(JudgeQuestion.ToCompare(rubric, conversation, second, first), id, cancellationToken));
        if (orders is not [{ Choice: { } forward }, { Choice: { } swapped }])
        {
            return null;
        }

        var (one, other) = (JudgeQuestion.Preference(forward), -JudgeQuestion.Preference(swapped));
        return one == other ? (1 - one) / 2.0 : 0.5;
    }

    async Task<Judgement?> JudgeAsync(JudgeQuestion question, string id, CancellationToken cancellationToken)
        => file.Find(question.Key) is { } known ? known
            : mayAsk ? await underWay.GetOrAdd(question.Key, _ => new(() => AskAsync(question, id, cancellationToken))).Value
            : null;

    async Task<Judgement> AskAsync(JudgeQuestion question, string id, CancellationToken cancellationToken)
    {
        var answer = await judge.AskAsync(new Prompt(question.Key, [Message.User(question.Text)], Source: "judge"), question.ToSampling(), cancellationToken);
        var judgement = answer.Example is { } example
            ? Judgement.Of(question, id, example, judge.Tokenizer)
            : new Judgement(question.Key, id, null, null, $"{answer.Failure!.Code}: {answer.Failure.Detail}");
        // A judge that could not be reached for a row is asked again next time.
        if (judgement.Choice is not null)
        {
            file.Add(judgement);
        }

        return judgement;
    }
}

/// <summary>Opens judges for whoever names one.</summary>
public interface IJudgeSource
{
    /// <param name="by">The judge; null takes the recipe's teacher of that name, or its first.</param>
    /// <exception cref="ForgeException">There is no such teacher.</exception>
    ModelJudge Open(Rubric rubric, TeacherSource? by, string? teacher);
}
