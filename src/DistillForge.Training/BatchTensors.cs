namespace DistillForge.Training;

/// <summary>Brings a batch to the device.</summary>
public static class BatchTensors
{
    /// <returns>Tokens [B, T], positions [N] into B·T, and what these must predict. They belong to the caller's scope.</returns>
    public static (Tensor Tokens, Tensor Positions, TokenTargets Targets) Of(Batch batch, Device device)
    {
        Tensor Whole(long[] values, params long[] shape) => tensor(values, shape).to(device);

        return (Whole(batch.Tokens, batch.Rows, batch.Length), Whole(batch.Positions, batch.Trained), Targets(batch, device));
    }

    /// <returns>Null where each row has a line of its own.</returns>
    public static Layout? LayoutOf(Batch batch, Device device) => batch.Lengths.Count > 0 ? Layout.Of(batch.Lengths, device) : null;

    static TokenTargets Targets(Batch batch, Device device)
    {
        long n = batch.Trained;
        Tensor Whole(long[] values, params long[] shape) => tensor(values, shape).to(device);
        Tensor Real(float[] values, params long[] shape) => tensor(values, shape).to(device);

        return new TokenTargets(
            Whole(batch.TokenIds, n),
            Real(batch.NegativeEntropy, n),
            Whole(batch.HeadIds, n, batch.HeadSize),
            Real(batch.HeadLogprobs, n, batch.HeadSize),
            [.. batch.Tails.Select(tail => new TailTargets(tail.Temperature, Real(tail.LogSums, n), Whole(tail.SampleIds, n, tail.Draws)))],
            batch.HeadShares is { } shares ? new DrawTargets(batch.DrawTemperature, Real(shares, n, batch.HeadSize)) : null,
            Others: batch.Others.Count > 0 ? new OtherTeachers([.. batch.Others.Select(other => Targets(other, device))], Real(batch.TeacherShares, n, 1 + batch.Others.Count)) : null)
        {
            AreOwnSamples = batch.AreOwnSamples,
        };
    }
}
