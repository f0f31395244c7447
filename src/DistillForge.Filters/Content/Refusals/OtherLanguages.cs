using System.Text;

namespace DistillForge.Filters;

/// <summary>Self-descriptions in German, French, Spanish, Portuguese, Italian, Dutch, Russian, Chinese, Japanese and Korean.</summary>
static class OtherLanguages
{
    public static readonly IReadOnlyList<TermFinder> SelfAnchors = Finders(wholeWords: false,
        "als ki-", "als ki ", "als ki,", "als künstliche intelligenz", "als sprachmodell", "als großes sprachmodell", "als ein ki", "als ein sprachmodell", "ich bin eine ki", "ich bin ein ki", "ich bin nur eine ki", "ich bin ein sprachmodell", "da ich eine ki",
        "en tant qu'ia", "en tant que modèle de langage", "en tant qu'intelligence artificielle", "en tant qu'assistant", "en tant que modèle d'ia", "je suis une ia", "je suis un modèle de langage", "je suis une intelligence artificielle", "étant une ia",
        "como modelo de lenguaje", "como un modelo de lenguaje", "como una ia", "como ia,", "como inteligencia artificial", "como asistente de ia", "soy una ia", "soy un modelo de lenguaje", "soy una inteligencia artificial",
        "como modelo de linguagem", "como um modelo de linguagem", "como uma ia", "como inteligência artificial", "sou uma ia", "sou um modelo de linguagem", "come modello linguistico", "in quanto ia", "in quanto modello", "come ia,", "come intelligenza artificiale", "sono un'ia", "sono un modello linguistico",
        "als ai-", "als ai ", "als een ai", "als taalmodel", "ik ben een ai", "как ии", "как языковая модель", "как искусственный интеллект", "作为一个ai", "作为ai", "作为一个人工智能", "作为人工智能", "作为一个语言模型", "作为语言模型", "我是一个ai", "我是一个人工智能", "aiとして", "言語モデルとして", "ai로서", "언어 모델로서");

    // In ASCII, and in all letters: the first is found many times as fast, and most texts need no more.
    static IReadOnlyList<TermFinder> Finders(bool wholeWords, params IEnumerable<string> terms)
    {
        var curly = terms.SelectMany(term => new[] { term, term.Replace('\'', '’') }).Distinct(StringComparer.Ordinal).ToList();
        return [.. curly.GroupBy(term => Ascii.IsValid(term)).OrderByDescending(group => group.Key).Select(group => new TermFinder(group, wholeWords))];
    }
}
