using DistillForge.Core;
using DistillForge.Llama.Native;
using DistillForge.Llama.Numerics;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>One row of logits of a step, and what came of it.</summary>
sealed unsafe class OutputRow
{
    /// <summary>The grammar allows none.</summary>
    public const int NoToken = -1;

    public RunningSequence Sequence { get; private set; } = null!;

    /// <summary>Of the token that is predicted.</summary>
    public int Position { get; private set; }

    public bool IsFinite { get; set; }

    public int Token { get; set; }

    public FrameWriter Record { get; } = new();

    public float* Logits { get; private set; }

    int BatchIndex { get; set; }

    public void Expect(RunningSequence sequence, int batchIndex) => (Sequence, BatchIndex, Position) = (sequence, batchIndex, sequence.Submitted + 1);

    public void Take(ContextHandle context) => Logits = LlamaApi.Logits(context.Pointer, BatchIndex);
}

/// <summary>Where one thread reads rows: its scratch memory, used again for row after row.</summary>
sealed unsafe class Desk(LoadedModel model) : IDisposable
{
    readonly Row row = new(model.VocabularySize);
    readonly TextSampler sampler = new(model.VocabularySize);
    readonly TraceWriter writer = new(model.VocabularySize);
    readonly Lazy<ChangedRow> penalised = new(() => new ChangedRow(model.VocabularySize));
    readonly Lazy<ChangedRow> allowed = new(() => new ChangedRow(model.VocabularySize));
    readonly Lazy<bool[]> mask = new(() => new bool[model.VocabularySize]);

    public void Do(OutputRow output)
    {
        var sequence = output.Sequence;
        var position = output.Position - sequence.PromptLength;
        row.Read(output.Logits, normalise: sequence.Plan is not null || (sequence.Sampling is { } how && TextSampler.NeedsWeights(how)));
        output.Record.Clear();
        output.IsFinite = row.IsFinite;
        if (!row.IsFinite)
        {
            return;
        }

        output.Token = sequence.Sampling is { } sampling ? Draw(sequence, sampling, position) : sequence[output.Position];
        if (sequence.Plan is { } plan && output.Token != OutputRow.NoToken)
        {
            // What the model thinks, whatever was done to the row before the draw.
            row.Normalise();
            writer.Write(row, plan, output.Token, position, sequence.Seed, output.Record);
        }
    }

    public void Dispose()
    {
        foreach (var changed in new[] { penalised, allowed })
        {
            if (changed.IsValueCreated)
            {
                changed.Value.Dispose();
            }
        }
    }

    int Draw(RunningSequence sequence, Sampling sampling, int position)
    {
        var drawn = sampling.RepetitionPenalty == 1 ? row : penalised.Value.Penalise(row, sequence.Known, sampling.RepetitionPenalty);
        var token = sampler.Draw(drawn, sampling, Chance.OfText(sequence.Seed, position));
        return sequence.Grammar is { } grammar ? Follow(grammar, drawn, token, sequence, sampling, position) : token;
    }

    // What the grammar allows at the first draw is kept, else a second one is made among what it allows: together they follow the
    // distribution over what is allowed, and mostly only one token has to be looked at.
    int Follow(GrammarWatch grammar, Row drawn, int token, RunningSequence sequence, Sampling sampling, int position)
    {
        if (!grammar.Allows(token, model))
        {
            if (!grammar.FindAllowed(drawn, model, mask.Value))
            {
                return OutputRow.NoToken;
            }

            token = sampler.Draw(allowed.Value.Only(drawn, mask.Value), sampling, Chance.OfSecondText(sequence.Seed, position));
        }

        grammar.Accept(token);
        return token;
    }
}
