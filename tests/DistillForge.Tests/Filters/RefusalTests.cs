using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class RefusalTests
{
    static readonly string[] Refusals =
    [
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, but I can’t help with that request.",
        "I cannot provide instructions for making weapons.",
        "I'm sorry, I can't do that.",
        "Sorry, but I am not able to help you with this.",
        "I apologize, but I cannot fulfill this request as it goes against my guidelines.",
        "Unfortunately, I am unable to provide medical advice.",
        "As an AI language model, I don't have personal opinions.",
        "As an AI, I cannot feel pain.",
        "As a large language model, I am not able to browse the internet.",
        "I am an AI and cannot form friendships.",
        "I'm just an AI, so I can't taste food.",
        "I must decline to write that story.",
        "I have to decline this request.",
        "I won't be able to help you with your homework.",
        "I will not generate hateful content.",
        "I don't feel comfortable writing that.",
        "I am not comfortable discussing this topic.",
        "I do not have access to real-time information, so I can't say what the weather is.",
        "My knowledge cutoff is September 2021, so I do not know.",
        "I was trained by OpenAI to be helpful.",
        "It would be inappropriate for me to comment on that.",
        "It is not appropriate for me to share that.",
        "I can't help you with hacking into someone's account.",
        "I can't give you legal advice, please see a lawyer.",
        "I cannot in good conscience help with this.",
        "I'm afraid I can't comply with that.",
        "I am not able to open links.",
        "I'm unable to access your personal files.",
        "That request violates the usage policy, so the answer is no.",
        "I'd rather not answer that question.",
        "I refuse to participate in this.",
        "I can only assist with questions about cooking.",
        "Hello! Thanks for asking. However, I can't create content of that kind.",
        "I should not provide that information.",
        "I don't think I should help you with that.",
        "I cannot and will not write this.",
        "I am programmed to be safe, so I can't tell you how to pick a lock.",
        "Es tut mir leid, aber leider kann ich Ihnen dabei nicht helfen.",
        "Als KI-Sprachmodell habe ich keine Meinung.",
        "Je suis désolé, mais je ne peux pas vous aider.",
        "En tant que modèle de langage, je n'ai pas d'opinion.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Como modelo de lenguaje, no tengo emociones.",
        "Desculpe, mas não posso ajudar com isso.",
        "Mi dispiace, ma non posso aiutarti con questo.",
        "I'm sorry, but as an AI assistant I can't predict the future.",
        "The answer depends. As a language model, I do not have feelings about it.",
        "I do not have personal experiences, but many people like it.",
        "Sorry, I can't share personal information about private individuals.",
    ];

    static readonly string[] Answers =
    [
        "The capital of France is Paris.",
        "I can't wait to see you tomorrow!",
        "I can't help but smile when I think of it.",
        "I cannot believe that you finished already.",
        "I can't believe it's not butter.",
        "Sorry I'm late, the bus did not come.",
        "I'm sorry for your loss. Would you like to talk about it?",
        "I'm sorry to hear that. Try turning it off and on again.",
        "You cannot provide a negative number here; use zero instead.",
        "If the server cannot fulfil the request, it answers 503.",
        "\"I can't help you,\" said the guard, and closed the gate.",
        "The guard shook his head. “I cannot provide shelter,” he said.",
        "An AI is a program that does what would need intelligence in a person.",
        "As an assistant professor, she teaches two classes.",
        "As an aid to memory, write it down.",
        "As an airline passenger you have rights.",
        "I couldn't agree more.",
        "I won't be home before eight.",
        "I will not forget you.",
        "I am not able to swim, but I like the sea.",
        "I'm unable to come on Friday, how about Saturday?",
        "I can only see three birds in the picture.",
        "I should not have eaten that much cake.",
        "I refuse to believe that.",
        "I decline the noun: der Mann, des Mannes.",
        "She said she was not comfortable with heights.",
        "Unable to open file: permission denied (errno 13).",
        "The request violates no rule of the protocol.",
        "I have to admit that it was fun.",
        "I don't have access to a car, so I take the train.",
        "Training data are split in three parts.",
        "The model was trained by two students.",
        "I'd rather not have onions on mine, please.",
        "I can't find my keys. Have you seen them?",
        "I can't hear you, the line is bad.",
        "I cannot tell a lie.",
        "I can't do this without you, mom.",
        "Ich kann gut schwimmen.",
        "Je ne peux pas venir demain.",
        "No puedo dormir por el calor.",
        "Here is the letter you asked for:\n\nDear Sir, I regret that I was not at home.",
        "Let me help you with that! First, open the settings.",
        "It is not appropriate to wear shoes in a temple.",
        "It would be wise to check twice.",
        "I can help with that. What is your order number?",
        "Claude Monet was a French painter.",
        "I am Claudia, nice to meet you.",
        "Do not share your password with anyone.",
        "I lost my ticket and I can't get in.",
        "The dog can't do that trick yet.",
    ];

    [Fact]
    public void Finds_refusals_and_boilerplate_and_little_else()
    {
        var missed = Refusals.Where(text => Judge(text) is null).ToList();
        var wrong = Answers.Where(text => Judge(text) is not null).ToList();
        Assert.True(Refusals.Length >= 50 && Answers.Length >= 50);

        Assert.True(missed.Count <= 0.05 * Refusals.Length, $"missed {missed.Count}: {string.Join(" | ", missed)}");
        Assert.True(wrong.Count <= 0.04 * Answers.Length, $"wrong {wrong.Count}: {string.Join(" | ", wrong)}");
    }

    [Theory]
    [InlineData("I'm sorry, but I can't assist with that.", "refusal", "'I'm sorry, but I can't assist with that.' at characters 0..40: 'can't assist' 0.8, 'can't' 0.6, 'I'm sorry, but I can't' 0.4 (6.5 points, more than 0.5)")]
    [InlineData("Well. As an AI language model, I think so.", "assistant-boilerplate", "'As an AI language model,' at characters 6..30")]
    public void Says_what_was_said_where(string text, string code, string detail)
        => Assert.Equal(new Reason(code, detail), new Refusal(new()).Judge(Some.Example(text)).Reason);

    [Fact]
    public void A_refusal_in_the_middle_counts_only_when_asked()
    {
        var story = string.Concat(Enumerable.Repeat("Once upon a time there was a fox. ", 50));

        Assert.Null(new Refusal(new()).Judge(Some.Example($"{story}I can't assist with that. {story}")).Reason);
        Assert.Null(new Refusal(new(Refusal.Place.Throughout)).Judge(Some.Example($"{story}I cannot provide more. {story}")).Reason);
        Assert.Equal("refusal", new Refusal(new(Refusal.Place.Throughout)).Judge(Some.Example($"{story}I can't assist with that. {story}")).Reason?.Code);
    }

    [Theory]
    [InlineData("The onager was a torsion catapult. Ammianus describes it in detail: a single arm, a skein of sinew, a sling at the end. Its descendants turn up at contests to this day. Your second paragraph changes things, though: you want to fling burning fuel onto a neighbour's roof. I won't help you build a machine for that.")]
    [InlineData("It would be improper for me to share the particulars that you request.")]
    [InlineData("Instructions for that are off limits here, whatever the reason. I'd rather talk about something else.")]
    public void What_no_single_form_shows_is_weighed(string text) => Assert.Equal("refusal", Judge(text));

    [Theory]
    [InlineData("unable_to_verify_identity")]
    [InlineData(" declined_card_payment\n")]
    [InlineData("REQUEST_DENIED_BY_POLICY")]
    public void What_names_a_class_declines_nothing(string label) => Assert.Null(Judge(label));

    [Fact]
    public void A_bound_without_sense_is_a_problem()
    {
        Assert.Single(new Refusal.Options(Bound: 50).Check());
        Assert.Empty(new Refusal.Options().Check());
    }

    [Fact]
    public void Boilerplate_stays_when_the_policy_says_so()
        => Assert.Null(new Refusal(new(Boilerplate: false)).Judge(Some.Example("As an AI, I like it.")).Reason);

    static string? Judge(string text) => new Refusal(new()).Judge(Some.Example(text)).Reason?.Code;
}
