using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>
/// The sequences of a lane's KV cache. What an answered sequence leaves in its slot stays there until the slot is needed: who comes
/// later with the same beginning (a system prompt, few-shot examples, another sample of the same prompt) takes it over instead of
/// reading it again.
/// </summary>
/// <param name="canShare">Part of a sequence can be kept or copied; a recurrent state cannot, and exact decoding must not.</param>
sealed class KvSlots(Lane lane, bool canShare)
{
    /// <summary>A shorter beginning is read faster than a slot is copied.</summary>
    const int WorthCopying = 32;

    readonly Slot[] slots = [.. Enumerable.Range(0, lane.Sequences).Select(number => new Slot(number))];

    // In a unified cache everybody's attention passes over what an answered sequence left: nothing is left there.
    readonly bool canKeep = canShare && !lane.Plan.Layout.Unified;

    public bool AnyFree => slots.Any(slot => slot.User is null);

    public void Take(RunningSequence sequence)
    {
        // The lowest, so that the slots in use lie side by side: llama.cpp decodes neighbours in one go.
        var slot = slots.First(slot => slot.User is null);
        slot.User = sequence;
        sequence.Start(slot.Number);
    }

    /// <summary>Gives a sequence the beginning that it shares with what is in the cache, before it is read.</summary>
    /// <returns>False: another one ahead is about to read a longer shared beginning; wait for it.</returns>
    public bool Prepare(RunningSequence sequence, IEnumerable<RunningSequence> ahead)
    {
        var (source, common) = canShare ? Best(sequence) : (null, 0);
        if (canShare && ahead.Any(other => sequence.CommonWith(other.Known) >= common + WorthCopying))
        {
            return false;
        }

        var own = slots[sequence.Slot];
        if (source is null || (source != own && common < WorthCopying))
        {
            (source, common) = (own, canShare ? Math.Min(common, sequence.CommonWith(own.Content)) : 0);
        }

        if (source != own)
        {
            LlamaApi.RemoveSequence(lane.Memory, own.Number, -1, -1);
            LlamaApi.CopySequence(lane.Memory, source.Number, own.Number, -1, -1);
        }

        // A cache that cannot forget a part of a sequence says so; then all of it goes.
        if (!LlamaApi.RemoveSequence(lane.Memory, own.Number, common, -1))
        {
            LlamaApi.RemoveSequence(lane.Memory, own.Number, -1, -1);
            common = 0;
        }

        own.Forget();
        sequence.Reuse(common);
        return true;
    }

    public void Release(RunningSequence sequence)
    {
        var slot = slots[sequence.Slot];
        if (canKeep)
        {
            slot.Keep(sequence);
        }
        else
        {
            LlamaApi.RemoveSequence(lane.Memory, slot.Number, -1, -1);
        }

        slot.User = null;
        sequence.Leave();
    }

    // Of equal ones the sequence's own slot, which costs no copy.
    (Slot? Source, int Common) Best(RunningSequence sequence)
    {
        var own = slots[sequence.Slot];
        var best = (Source: (Slot?)own, Common: sequence.CommonWith(own.Content));
        foreach (var slot in slots)
        {
            var common = slot == own ? 0 : sequence.CommonWith(slot.User is { } user ? user.Read : slot.Content);
            best = common > best.Common ? (slot, common) : best;
        }

        return best;
    }

    sealed class Slot(int number)
    {
        int[] kept = [];

        public int Number { get; } = number;

        public RunningSequence? User { get; set; }

        /// <summary>Tokens that an answered sequence left in the cache.</summary>
        public ReadOnlySpan<int> Content => kept;

        public void Keep(RunningSequence sequence) => kept = sequence.Read.ToArray();

        public void Forget() => kept = [];
    }
}
