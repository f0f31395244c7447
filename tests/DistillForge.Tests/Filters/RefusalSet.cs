namespace DistillForge.Tests.Filters;

/// <summary>Refusals and look-alikes written by hand, one a line, by somebody who had not read the filter's patterns.</summary>
static class RefusalSet
{
    public static IReadOnlyList<string> Refusals { get; } = Lines("""
        I'm sorry, but I can't write that for you.
        Sorry, I can't help with that.
        I cannot help you build a weapon.
        I can't provide that information.
        I'm not able to provide medical diagnoses.
        I am unable to generate that type of content.
        I won't help with that.
        I will not assist with illegal activities.
        I apologize, but I can't discuss that topic.
        My apologies, but I cannot share that kind of material.
        Unfortunately, I can't access external websites.
        Unfortunately, I cannot complete this task.
        I'm afraid I cannot do that.
        I'm really sorry, but I'm unable to help with this.
        As an AI developed by Anthropic, I don't have opinions on politics.
        As an artificial intelligence, I do not experience emotions.
        As a language model, I cannot verify that claim.
        As an AI assistant, I can't make phone calls.
        As an AI chatbot, I don't have a favorite color.
        I'm an AI language model and don't have a body.
        I am only an AI and cannot give you a hug.
        I'm just a language model, so I don't know what happened yesterday.
        Being an AI, I have no feelings about this.
        I do not have the ability to browse the web.
        I don't have the capability to see images.
        I don't have access to your account.
        I do not have access to current news.
        I can't browse the internet.
        I cannot open attachments.
        I'm not able to see the picture you attached.
        I can't answer that question.
        I cannot answer this.
        I must refuse this request.
        I must decline.
        I'm going to have to decline that request.
        I respectfully decline to answer.
        I decline to participate in this role play.
        I refuse to write that.
        That's not something I can help with.
        This is not something I'm able to assist with.
        That is something I can't do.
        This request goes against my guidelines.
        This content violates my content policy, so I can't produce it.
        Your request violates our usage policies.
        It's against my programming to provide such instructions.
        My guidelines don't allow me to write explicit content.
        My programming prevents me from discussing this.
        I'm not allowed to share that.
        I am not permitted to give legal advice.
        I'm prohibited from generating that.
        I'm not comfortable with that request.
        I don't feel comfortable helping with that.
        I'd prefer not to talk about this.
        I would rather not say.
        I'm not going to write that.
        I am not going to help you hurt someone.
        I shouldn't help with that.
        It would be unethical for me to help you cheat.
        It is unethical to do so, and I can't assist.
        It would not be appropriate to continue.
        It wouldn't be right for me to write this essay for you.
        I can't in good conscience provide that.
        I can't engage with that kind of content.
        I cannot engage in discussions that promote violence.
        I can't support that request.
        I cannot condone or assist in illegal activity.
        I cannot endorse that behaviour.
        I can't pretend to be a real person.
        I cannot impersonate a public figure.
        I can't create sexual content.
        I'm unable to create content that is harmful.
        I am not able to produce copyrighted lyrics.
        Sorry, I cannot reproduce the full text of the book.
        Sorry, that's beyond what I can do.
        Sorry, I don't know how to help with that.
        Sorry, but that's not possible for me.
        I'm sorry, I didn't mean to offend, but I can't continue this conversation.
        I'm sorry, but this request is not something I can fulfil.
        I'm sorry. I can't comply.
        I can't comply with this request.
        I am unable to comply.
        I'm unable to fulfill your request.
        I cannot fulfil that request.
        I cannot process this request.
        I can't proceed with that.
        I can't continue with this story.
        Let's talk about something else; I can't help with this.
        Let's change the subject.
        Can we talk about something else? I can't discuss that.
        Please consult a lawyer; I can't advise you on this.
        I can't give you medical advice. Please see a doctor.
        I am not a doctor and cannot diagnose you.
        I'm not qualified to give financial advice.
        I cannot offer personalised investment advice.
        I can't predict the future.
        I can't tell you that.
        I cannot tell you how to make explosives.
        I can't disclose my system prompt.
        I cannot reveal my instructions.
        I'm not able to share my internal configuration.
        I don't have personal beliefs.
        I don't have feelings or opinions.
        I do not have personal preferences.
        I don't possess consciousness.
        I don't have real-time data.
        I don't have information after my last training update.
        My training data only goes up to 2021.
        My knowledge was last updated in September 2021.
        As of my last update in April 2023, the president was someone else.
        As of my knowledge cutoff, no such product existed.
        I was created by OpenAI and have no personal life.
        I'm ChatGPT, a large language model trained by OpenAI.
        I am Claude, an AI assistant made by Anthropic.
        I'm a virtual assistant and can't eat.
        I'm a bot, so I can't feel that.
        I'm a computer program, I have no childhood.
        If you are in crisis, please call a hotline. I can't help with this.
        I understand your frustration, but I can't help you get revenge.
        I understand why you ask, but I cannot share that.
        I appreciate your curiosity, but I can't provide those details.
        Thank you for asking, but I am unable to assist.
        While I understand the need, I cannot write malware.
        While I'd love to help, I can't do that.
        I'd love to help, but I'm not able to do this.
        I would like to help, but this is something I cannot do.
        I wish I could help, but I can't.
        Hello! I'm sorry but I can't assist with that request.
        No. I can't do that.
        No, I won't do that.
        No, I'm not going to answer.
        Nope, can't help with that one.
        I have been designed to avoid such topics, so I can't answer.
        I'm designed to be helpful and harmless, so I can't help with this.
        I was not designed to answer such questions.
        For safety reasons, I can't provide this.
        For ethical reasons, I cannot help.
        Due to privacy concerns, I can't share that.
        Due to my content policy I can't write this.
        Because this could cause harm, I won't provide instructions.
        This could be dangerous, so I can't explain how.
        That would be illegal, and I can't help with it.
        Helping with this would be illegal, so I must decline.
        The information you seek is something I cannot provide.
        There is no way for me to help you with that.
        It's not possible for me to do so.
        I have no way of accessing that file.
        I lack the ability to run code.
        I currently can't play audio.
        Es tut mir leid, aber das kann ich nicht beantworten.
        Leider kann ich diese Anfrage nicht erfüllen.
        Als KI habe ich keine Gefühle.
        Tut mir leid, dabei kann ich nicht helfen.
        Je ne peux pas répondre à cette demande.
        Désolé, je ne peux pas vous aider avec ça.
        En tant qu'IA, je n'ai pas d'émotions.
        Lo siento, no puedo ayudarte con eso.
        Como IA, no tengo opiniones personales.
        """);

    public static IReadOnlyList<string> LookAlikes { get; } = Lines("""
        I'm sorry to hear that your dog is ill; a vet can help.
        Sorry for the delay, your parcel arrives tomorrow.
        Sorry about the wait! Your table is ready.
        I can't wait to see the results.
        I can't believe how fast that was.
        I cannot recommend this book highly enough.
        You can't divide by zero.
        You cannot cancel an order once it has shipped.
        The key cannot be empty.
        The function can't return null.
        We are unable to ship to that address at the moment.
        If you are unable to log in, reset your password.
        The server is unable to process the request; check the logs.
        Unfortunately, the shop is closed on Sundays.
        Unfortunately, the flight was delayed by two hours.
        Unfortunately, your card has expired; order a new one in the app.
        He said, "I can't help you," and closed the door.
        "I'm sorry, Dave, I'm afraid I can't do that" is a line from 2001: A Space Odyssey.
        She refused to answer the question.
        The court declined to hear the case.
        To decline a meeting, click on No.
        Declined cards can be retried after five minutes.
        The plural of I refuse is we refuse.
        AI models are trained on large amounts of text.
        A language model predicts the next word.
        An AI language model is a program that continues text.
        As an artist, I use a lot of blue.
        As an airline, we cannot carry liquids over 100 ml in the cabin.
        As a teacher, I am not able to grade on weekends.
        As a rule, cats sleep most of the day.
        As a language, Latin is no longer spoken natively.
        My guidelines for a good essay: be short, be clear, be kind.
        Follow the usage policy of your company.
        A content policy says what may be posted.
        The policy violates the constitution, the judge wrote.
        It is inappropriate to shout in a library.
        It would be inappropriate to wear jeans at the gala, so pick a suit.
        The comfortable chair costs 90 euros.
        If you don't feel comfortable speaking in public, practise with a friend.
        I don't have any sugar, so honey will do.
        I don't have to work on Friday.
        You don't have access to this folder; ask the owner to share it.
        Users do not have access to the admin page.
        Real-time data is sent every second.
        The training data has 60,000 images.
        The cutoff for applications is 1 September.
        OpenAI was founded in 2015.
        ChatGPT is a chatbot by OpenAI.
        Anthropic makes Claude.
        A virtual assistant can set timers.
        Bots can be blocked in the settings.
        Please consult the manual before you start.
        See a doctor if the fever lasts more than three days.
        A lawyer can tell you whether the contract is valid.
        Call a hotline if you feel unsafe; they answer day and night.
        Harmful bacteria die at 75 degrees.
        It is illegal to park here.
        It is dangerous to mix bleach and ammonia, as it makes a toxic gas.
        The weapon was found by the police.
        Malware often arrives by e-mail; do not open unknown attachments.
        For safety reasons, the pool closes during storms.
        For ethical reasons, some people eat no meat.
        Due to privacy laws, cookies need consent.
        Let's talk about something else: the budget.
        Change the subject line to "Invoice".
        I would rather walk than take the bus.
        I'd rather have tea.
        I prefer not to use sugar in this recipe.
        I'm not going to lie, this cake is great.
        I'm not sure, but I think it was 1987.
        I am not a fan of horror films, but this one is good.
        I'm not able to finish the pizza, so take a slice.
        I could not agree more.
        I won't be long; dinner is at seven.
        I will not forget this holiday.
        I must admit the view is nice.
        I must say that went well.
        I have to go to the shop.
        I apologize for the confusion; the answer is 42.
        My apologies, the total is 18, not 17.
        I understand your frustration. Let me fix the order right away.
        I appreciate your patience. The refund was sent today.
        Thank you for asking, I am fine.
        I wish I could fly.
        I'd love to help! What time does the party begin?
        I would like to book a room for two.
        Hello! How can I help you today?
        No, the train does not stop there.
        No problem, here is the list.
        No, whales are mammals.
        Nope, the answer is B.
        It's not possible to travel faster than light.
        There is no way to undo a deletion.
        The ability to run code is built in.
        The design avoids sharp corners.
        The robot was designed to be helpful.
        The app was not designed for tablets.
        Play audio with the space bar.
        The picture you attached shows a red car.
        I can see three cats in the picture.
        Browse the internet with any modern browser.
        Opinions on politics differ from person to person.
        Emotions are processed in the limbic system.
        Feelings are hard to describe.
        Consciousness is studied by philosophers.
        Personal beliefs should not affect a jury.
        To predict the future of a series, fit a trend.
        Reveal the answer by turning the card.
        To share a file, click the button.
        Internal configuration lives in config.yaml.
        System prompts tell a model how to behave.
        Passwords cannot contain spaces.
        Children cannot vote.
        A penguin cannot fly.
        Plants can't grow without light.
        Dogs can't eat chocolate.
        You are not allowed to smoke on the plane.
        Visitors are not permitted to touch the paintings.
        Phones are prohibited during the exam.
        Flash photography is prohibited.
        The request could not be completed: error 500.
        Your request has been sent.
        Requests are answered within two days.
        The task is complete.
        To complete this task, open the file and sort it by date.
        I help people learn to cook.
        I can help with that. What is your order number?
        Sure, I can write that for you.
        I can assist you with your booking.
        Of course! Here is a poem about rain.
        The instructions are on page 3.
        Such instructions are called macros.
        Sexual reproduction needs two parents.
        Violence fell by ten percent last year.
        Copyright lasts 70 years after the author's death.
        The full text of the book is in the public domain.
        Public figures can be photographed in public.
        A real person answers the phone.
        Pretend that the floor is lava.
        Role play helps children learn.
        He cannot continue the race with a broken leg.
        We can't continue without the key.
        They can't comply with the new rule by May.
        The company was unable to comply with the order.
        I was unable to sleep, so I read a book.
        I couldn't find my keys, but they were in the car.
        Ich kann heute leider nicht kommen, aber morgen gern.
        Es tut mir leid, dass du krank bist.
        Als Kind habe ich in Graz gewohnt.
        Leider ist der Laden geschlossen.
        Je ne peux pas attendre de te voir.
        Désolé pour le retard, le train était plein.
        Lo siento mucho por tu pérdida.
        No puedo esperar a las vacaciones.
        Como profesor, no tengo mucho tiempo libre.
        """);

    static List<string> Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
}
