using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that swear: a small list of words that are hardly ever anything else, in English, German, French and Spanish. For a list of one's own see <see cref="BlockedTerms"/>.</summary>
[Component("profanity")]
public sealed class Profanity(Profanity.Options options) : IFilter
{
    // Names, animals and tools that are also swear words ("dick", "cock", "ass") are left out: a small list that is right.
    static readonly TermFinder Words = new([
        "fuck", "fucks", "fucked", "fucker", "fuckers", "fucking", "fuckin", "motherfucker", "motherfuckers", "motherfucking", "clusterfuck", "wtf", "stfu",
        "shit", "shits", "shitty", "shitting", "bullshit", "horseshit", "shithead", "shithole", "dipshit", "asshole", "assholes", "arsehole", "arseholes", "dumbass", "jackass",
        "bitch", "bitches", "bitching", "son of a bitch", "cunt", "cunts", "twat", "twats", "wanker", "wankers", "bollocks", "dickhead", "dickheads", "cocksucker", "douchebag", "slut", "sluts", "whore", "whores",
        "scheiße", "scheisse", "scheiß", "arschloch", "arschlöcher", "wichser", "hurensohn", "fotze", "verdammte scheiße",
        "putain", "merde", "connard", "connards", "connasse", "enculé", "enculés", "salope", "salopes", "bordel de merde",
        "mierda", "puta", "putas", "hijo de puta", "cabrón", "cabrones", "gilipollas", "joder", "pendejo", "pendejos", "coño"]);

    /// <param name="Most">Swear words that a text may have.</param>
    public sealed record Options(int Most = 0, Scope Scope = Scope.Completion) : ICheckedOptions
    {
        public IEnumerable<Problem> Check() => Most >= 0 ? [] : [new Problem("most", $"is {Most}; it counts words, 0 or more.")];
    }

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            var found = 0;
            for (var from = 0; Words.TryFind(passage.Text, from, out var start, out var word); from = start + word.Length)
            {
                if (++found > options.Most)
                {
                    return Verdict.Drop("profanity", $"'{word[0]}…' ({word.Length} letters) at {passage.At(start, start + word.Length)}{(options.Most > 0 ? $", number {found}, may have {options.Most}" : "")}");
                }
            }
        }

        return Verdict.Keep;
    }
}
