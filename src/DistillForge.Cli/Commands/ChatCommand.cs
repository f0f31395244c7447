using System.CommandLine;
using DistillForge.Core;
using DistillForge.Runs;

namespace DistillForge.Cli.Commands;

/// <summary><c>chat MODEL [--beside OTHER] [-p "…"]</c>: one answer, or a talk in the terminal; teacher and student side by side.</summary>
static class ChatCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A GGUF file" };
        var beside = new Option<string[]>("--beside") { Description = "Another GGUF that hears the same and answers, too, e.g. the teacher" };
        var prompt = new Option<string?>("--prompt", "-p") { Description = "What to say to it; without it, each line that you write is a turn" };
        var system = new Option<string?>("--system") { Description = "A system message before it" };
        var tokens = new Option<int>("--max-tokens") { Description = "At most this many tokens an answer", DefaultValueFactory = _ => 256 };
        var temperature = new Option<float>("--temperature") { Description = "0 takes the most likely token each time", DefaultValueFactory = _ => 0 };
        var command = new Command("chat", "Talk to a GGUF through llama.cpp, with its own chat template; to several side by side.") { model, beside, prompt, system, tokens, temperature };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            string[] models = [parsed.GetRequiredValue(model), .. parsed.GetValue(beside) ?? []];
            var sampling = new Sampling(parsed.GetValue(temperature), MaxTokens: parsed.GetValue(tokens));
            await using var conversation = await Conversation.OpenAsync(models, parsed.GetValue(system), sampling, interrupt);
            if (parsed.GetValue(prompt) is { } once)
            {
                await SayAsync(conversation, once, named: models.Length > 1, told: false, interrupt);
                return ExitCode.Done;
            }

            await TalkAsync(conversation, named: models.Length > 1, interrupt);
            return ExitCode.Done;
        }));
        return command;
    }

    static async Task TalkAsync(Conversation conversation, bool named, CancellationToken interrupt)
    {
        await Console.Error.WriteLineAsync("Write a line; /new begins anew, /end (or Ctrl-D) ends.");
        while (true)
        {
            await Console.Error.WriteAsync("> ");
            switch (await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(interrupt))
            {
                case null or "/end":
                    return;
                case "/new":
                    conversation.Forget();
                    break;
                case "":
                    break;
                case var line:
                    await SayAsync(conversation, line, named, told: true, interrupt);
                    break;
            }
        }
    }

    static async Task SayAsync(Conversation conversation, string text, bool named, bool told, CancellationToken interrupt)
    {
        var speaking = "";
        try
        {
            await conversation.SayAsync(text, Speak, End, interrupt);
        }
        catch (ForgeException error) when (told)
        {
            await Console.Error.WriteLineAsync(error.Message);
        }

        void Speak(string name, string piece)
        {
            if (named && speaking != name)
            {
                Console.Write($"{name}: ");
                speaking = name;
            }

            Console.Write(TerminalText.Harmless(piece)); // a model may say anything
        }

        void End(string name, string took)
        {
            Console.WriteLine();
            speaking = "";
            if (told)
            {
                Console.Error.WriteLine($"  ({took})");
            }
        }
    }
}
