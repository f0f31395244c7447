using DistillForge.Core;
using DistillForge.Training.Devices;

namespace DistillForge.Runs.Benches;

/// <summary>What a device computes, beside the CPU: every operation, loss and architecture, forward and backward, and a training run.</summary>
[Component("torch")]
public sealed class TorchBench : IBench
{
    public string Purpose => "How far a device's results are from the CPU's: operations, losses, architectures, a training run.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var scratch = Directory.CreateTempSubdirectory("distillforge-torch-").FullName;
        try
        {
            var found = await DeviceComparison.RunAsync(request.Device, scratch, log, cancellationToken);
            foreach (var wrong in found.Where(deviation => !deviation.Holds))
            {
                log.Say(FormattableString.Invariant($"{wrong.Name}: {wrong.Value:G3}, allowed {wrong.Allowed:G3} {wrong.Error}"));
            }

            return new Measurement($"results on {request.Device} that are not the CPU's", found.Count(deviation => !deviation.Holds), "results", Better.Lower, $"of {found.Count}", (double)found.Count(deviation => !deviation.Holds) / found.Count)
            {
                Details = [.. found.Select(deviation => new Measurement(deviation.Name, deviation.Value, "relative", Better.Lower, FormattableString.Invariant($"allowed {deviation.Allowed:G3}"), deviation.Allowed > 0 ? deviation.Value / deviation.Allowed : null))],
            };
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
