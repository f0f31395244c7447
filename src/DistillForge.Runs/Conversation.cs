using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama;

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
                conversation.voices.Add(new Voice(Path.GetFileNameWithoutExtension(gguf), model));
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

    /// <summary>Says something and hands out what each model answers, one after the other, while it grows.</summary>
    /// <param name="onText">Model's name and the next piece of its answer.</param>
    /// <param name="onEnd">Model's name and what the answer took.</param>
    /// <exception cref="ForgeException">A model cannot answer this.</exception>
    public async Task SayAsync(string text, Action<string, string> onText, Action<string, string> onEnd, CancellationToken cancellationToken)
    {
        turn++;
        foreach (var voice in voices)
        {
            var start = Stopwatch.GetTimestamp();
            var completion = await AnswerAsync(voice, text, part => onText(voice.Name, part.Text), cancellationToken);
            voice.Messages.Add(Message.Assistant(completion.Text));
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            onEnd(voice.Name, $"{completion.CompletionTokens} tokens, {completion.CompletionTokens / seconds:0} a second{(completion.FinishReason == "length" ? ", cut at --max-tokens" : "")}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var voice in voices)
        {
            await voice.Model.DisposeAsync();
        }
    }

    async Task<Completion> AnswerAsync(Voice voice, string text, Action<CompletionPart> onPart, CancellationToken cancellationToken)
    {
        voice.Messages.Add(Message.User(text));
        try
        {
            return await voice.Model.StreamTokensAsync(voice.Model.Dialogue.Prompt(voice.Messages), sampling, Seeds.Derive(7, "turn", turn.ToString()), onPart, cancellationToken);
        }
        catch (Exception error)
        {
            voice.Messages.RemoveAt(voice.Messages.Count - 1);
            throw error is CompletionFailedException failed ? new ForgeException(new Problem("prompt", $"{failed.Message} ({failed.Code})."), inner: failed) : error;
        }
    }

    sealed record Voice(string Name, LlamaModel Model)
    {
        public List<Message> Messages { get; } = [];
    }
}
