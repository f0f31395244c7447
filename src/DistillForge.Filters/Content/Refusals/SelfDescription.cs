namespace DistillForge.Filters;

/// <summary>An answer that speaks of itself: "As an AI language model, …", "I'm a virtual assistant and can't eat."</summary>
static class SelfDescription
{
    const string Kind = "(?:ai|a i|artificial intelligence|language model|llm|machine learning model|chatbot|chat bot|virtual assistant|digital assistant|computer program|voice assistant|automated assistant|neural network)(?: (?:language model|model|assistant|chatbot|chat bot|system|program|bot|based|powered|entity|tool|created|developed|trained|made|built))*";

    const string Sort = "(?:(?:just|only|merely|simply|but|an?|large|text based|powerful|helpful|friendly|harmless|responsible|neutral|impartial|computer|conversational|advanced|safe|ethical|mere|generative|pre trained|respectful|honest) )*";

    const string Makers = "(?:openai|anthropic|google|meta|microsoft|mistral|alibaba|deepseek|hugging face|cohere|xai|nvidia|ibm|a team of (?:researchers|engineers))";

    static readonly Form[] All =
    [
        new($"(?:as|being|since i am|because i am|given that i am) {Sort}{Kind} (?:(?:developed|created|trained|made|built|designed|programmed|without|here|by) (?:[a-z]+ ){{0,6}})?(?:, |i |my |and i |it is |there |that (?:is|can|does|was) )", needs: " ai | a i |intelligence|language model|llm|learning model|chatbot|chat bot|assistant|computer program|neural network"),
        new($"as an? (?:virtual |digital )?assistant (?:,|i )(?: ?i )?", needs: " assistant "),
        new($"i am {Sort}{Kind}(?: (?:called|named) [a-z]+)?(?: (?:by|from|at) {Makers})? (?:[.,!;]|and (?:i )?(?:can|do|am|have|could|will|not|therefore|as such|was)|so |without |that |who |which |designed |here to |trained |not a |, )", needs: " ai | a i |intelligence|language model|llm|learning model|chatbot|chat bot|assistant|computer program|neural network"),
        new("i am (?:an? )?(?:bot|robot|machine|piece of software|program) (?:[,;.!] ?(?:so |and |not |i (?:can|do|have|am))|and (?:can|do|have|am|i)|so (?:i )?(?:can|do|have)|without |, )", needs: " bot |robot|machine|software|program"),
        new("i am (?:not (?:an? )?(?:human|human being|real person|physical being|living being|sentient|conscious)|chatgpt|claude (?:,|an?|created|made|from|and)|gemini ,|llama ,|an assistant (?:made|created|developed|trained|from))", needs: " human| person | being|sentient|conscious|chatgpt|claude|gemini|llama|an assistant"),
        new($"i (?:was|am|have been) (?:trained|created|developed|made|built|designed) by {Makers} ", needs: " by "),
        new("(?:my knowledge (?:has a cut ?off|has a cutoff|is (?:limited to|current|only)|was last|cut ?off|cut off|ends|stops|only|base|does not)|my training (?:data )?(?:only|goes|ends|ended|stops|stopped|includes|cuts|cut ?off|was last|is limited|does not|data (?:has a|only))|my last (?:knowledge |training )?update|my cut ?off|as of my (?:last|knowledge|latest|most recent|training|cut)|i (?:do not|can not) (?:have|know) (?:information |anything |about events )(?:after|beyond|past|that happened after))", needs: "my knowledge|my training|my last|my cut|as of my|i do not have|i can not know|i do not know"),
        new("i (?:do not|can not|have no|am not able to|am unable to) (?:have |possess |experience |hold |form |feel )?(?:any |real |human |a )*(?:personal (?:opinions?|beliefs?|feelings?|experiences?|preferences?|emotions?|thoughts|views|life|identity|biases|history|stake)|subjective|consciousness|sentience|physical (?:body|form|presence|senses|sensations?)|emotions? (?:or|,|and|like|\\.|in)|feelings (?:or|,|and|like|\\.|in the)|opinions (?:or|,|and|\\.|in the)|beliefs (?:or|,|and|\\.)|preferences (?:or|,|and|\\.)|political (?:views|opinions|affiliations?|leanings|beliefs)|body , |taste ?buds|childhood ,|gender ,|religious beliefs|human (?:emotions|experiences|feelings))", needs: "i do not |i can not |i have no |i am not able|i am unable"),
    ];

    /// <summary>What says it so plainly that it counts in the middle of an answer, too.</summary>
    static readonly Form Plain = new($"(?:as (?:just )?an? (?:ai|artificial intelligence|large language model|language model)(?: (?:language model|model|assistant|chatbot|system|program|developed|created|trained))* (?:by [a-z]+ )?(?:, ?i |i |, ?my |my )|i am (?:just )?an? (?:ai|artificial intelligence|large language model|language model) ?(?:language model|model|assistant)? (?:[,.] |and (?:i )?(?:can|do|am|have|will) |so i ))");

    public static Range? Find(ReadOnlySpan<char> sentence, bool opens)
    {
        if (!opens)
        {
            return Plain.TryFind(sentence, out var at, out var count) && !Lead.IsAsked(sentence[(at + count)..]) ? at..(at + count) : null;
        }

        foreach (var form in All)
        {
            if (form.TryFind(sentence, out var index, out var length) && !Lead.Turns(sentence[..index]) && !Lead.IsAsked(sentence[(index + length)..]))
            {
                return index..(index + length);
            }
        }

        return null;
    }
}
