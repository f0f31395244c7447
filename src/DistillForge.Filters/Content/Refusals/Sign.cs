namespace DistillForge.Filters;

/// <summary>What a word, or a few, may say in a refusal; in any language that <see cref="Lexicon"/> knows.</summary>
[Flags]
enum Sign
{
    None = 0,

    /// <summary>Who answers: I, we, my; verbs that say so themselves (puedo).</summary>
    Speaker = 1 << 0,

    /// <summary>Not, no, never, without.</summary>
    Not = 1 << 1,

    /// <summary>What an assistant is asked to do: help, write, tell.</summary>
    Serve = 1 << 2,

    /// <summary>Who asks: you, your.</summary>
    Asker = 1 << 3,

    /// <summary>What was asked, pointed at: this, that, request, topic.</summary>
    Asked = 1 << 4,

    /// <summary>What a machine has no part in: internet, real-time, files, a body.</summary>
    Reach = 1 << 5,

    /// <summary>What nobody should be helped with.</summary>
    Harm = 1 << 6,

    /// <summary>What only people have and do: wife, tonight, burger.</summary>
    Life = 1 << 7,

    /// <summary>To decline, refuse, pass, stop.</summary>
    Decline = 1 << 8,

    /// <summary>AI, language model, chatbot.</summary>
    Machine = 1 << 9,

    /// <summary>Guidelines, policy, programming, law.</summary>
    Rule = 1 << 10,

    /// <summary>Sorry, unfortunately, I wish I could.</summary>
    Regret = 1 << 11,

    /// <summary>Instead, happy to, anything else.</summary>
    Offer = 1 << 12,

    /// <summary>Doctor, support, "please contact".</summary>
    Refer = 1 << 13,

    /// <summary>Unable, impossible, no way, beyond.</summary>
    Lack = 1 << 14,

    /// <summary>Only, limited to, my role.</summary>
    Scope = 1 << 15,

    /// <summary>He, she, said.</summary>
    Other = 1 << 16,

    /// <summary>Here is, sure, for example: it answers.</summary>
    Deliver = 1 << 17,

    /// <summary>Something else, switch topics.</summary>
    Switch = 1 << 18,

    /// <summary>Was not attached, does not say, insufficient.</summary>
    Missing = 1 << 19,

    /// <summary>Do not know, no idea.</summary>
    Unknown = 1 << 20,

    /// <summary>Be provided, be given.</summary>
    Passive = 1 << 21,

    /// <summary>Violates, goes against, not appropriate.</summary>
    Breach = 1 << 22,

    /// <summary>Dear, sincerely, subject: a letter.</summary>
    Letter = 1 << 23,

    /// <summary>Can't wait, can't help but.</summary>
    Idiom = 1 << 24,

    /// <summary>But, however.</summary>
    But = 1 << 25,

    /// <summary>Can, will, able.</summary>
    Able = 1 << 26,

    /// <summary>If, when, because, which.</summary>
    Hangs = 1 << 27,

    /// <summary>They, people, users.</summary>
    People = 1 << 28,
}
