using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Runs.Comparisons;

namespace DistillForge.Runs;

/// <summary>A talk with one or more GGUFs: each hears the same user and remembers its own answers.</summary>
public sealed class Conversation : IAsyncDisposable
{
    readonly List<Voice> voices = [];
    readonly string? system;
    readonly Sampling sampling;
    long turn;

    Conversation(string? system, Sampling sampling) => (this.system, this.sampling) = (system, sampling);

    /// <exception cref="ForgeException">A file cannot be opened.</exception>
    public static async Task<Conversation> OpenAsync(IReadOnlyList<string> ggufs, string? system, Sampling sampling, CancellationToken cancellationToken)
    {
        var conversation = new Conversation(system, sampling);
        try
        {
            foreach (var gguf in ggufs)
            {
                var model = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Settings.Load().EffectiveThreads, Parallel: 1), cancellationToken);
                conversation.voices.Add(new Voice(ComparedModel.NewName(Path.GetFileNameWithoutExtension(gguf), [.. conversation.voices.Select(voice => voice.Name)]), model));
            }

            conversation.Forget();
            return conversation;
        }
        catch
        {
            await conversation.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins anew.</summary>
    public void Forget()
    {
        foreach (var voice in voices)
        {
            voice.Messages.Clear();
            voice.Messages.AddRange(system is null ? [] : [Message.System(system)]);
        }
    }

    /// <summary>What each model remembers.</summary>
    internal IReadOnlyList<IReadOnlyList<Message>> Remembered => [.. voices.Select(voice => voice.Messages)];

    /// <summary>Says something and hands out what each model answers, one after the other, while it grows.</summary>
    /// <param name="onText">Model's name and the next piece of its answer.</param>
    /// <param name="onEnd">Model's name and what the answer took.</param>
    /// <exception cref="ForgeException">A model cannot answer this; then none of them remembers that it was said.</exception>
    public async Task SayAsync(string text, Action<string, string> onText, Action<string, string> onEnd, CancellationToken cancellationToken)
    {
        turn++;
        var answers = new List<string>();
        // Before anybody speaks: one that cannot would hear another talk from here on.
        foreach (var (voice, prompt) in voices.Select(voice => (voice, Prompt(voice, text))).ToList())
        {
            var start = Stopwatch.GetTimestamp();
            var completion = await AnswerAsync(voice, prompt, part => onText(voice.Name, part.Text), cancellationToken);
            answers.Add(completion.Text);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            onEnd(voice.Name, $"{completion.CompletionTokens} tokens, {completion.CompletionTokens / seconds:0} a second{Cut(completion)}");
        }

        foreach (var (voice, answer) in voices.Zip(answers))
        {
            voice.Messages.AddRange([Message.User(text), Message.Assistant(answer)]);
        }
    }

    string Cut(Completion completion) => completion.FinishReason != "length" ? ""
        : completion.CompletionTokens >= sampling.MaxTokens ? ", cut at --max-tokens" : ", cut where its context is full: /new begins anew";

    public async ValueTask DisposeAsync()
    {
        foreach (var voice in voices)
        {
            await voice.Model.DisposeAsync();
        }
    }

    static int[] Prompt(Voice voice, string text)
    {
        try
        {
            var prompt = voice.Model.Dialogue.Prompt([.. voice.Messages, Message.User(text)]);
            return prompt.Length < voice.Model.Context
                ? prompt
                : throw new ForgeException(new Problem(voice.Name, $"the talk has {prompt.Length:N0} tokens now, and its context holds {voice.Model.Context:N0}.", voice.Messages.Any(message => message.Role == "assistant") ? "/new begins anew." : "Say it shorter."));
        }
        catch (CompletionFailedException failed)
        {
            throw Told(failed);
        }
    }

    async Task<Completion> AnswerAsync(Voice voice, int[] prompt, Action<CompletionPart> onPart, CancellationToken cancellationToken)
    {
        try
        {
            return await voice.Model.StreamTokensAsync(prompt, sampling, Seeds.Derive(7, "turn", turn.ToString()), onPart, cancellationToken);
        }
        catch (CompletionFailedException failed)
        {
            throw Told(failed);
        }
    }

    static ForgeException Told(CompletionFailedException failed) => new(new Problem("prompt", $"{failed.Message} ({failed.Code})."), inner: failed);

    sealed record Voice(string Name, LlamaModel Model)
    {
        public List<Message> Messages { get; } = [];
    }
}
