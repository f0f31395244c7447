#pragma warning disable MA0025
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>What a filter stage found.</summary>
/// <param name="Dropped">Rows with at least one drop.</param>
/// <param name="ByReason">Dropped rows by the code of their cause: the first drop in policy order.</param>
public sealed record FilterSummary(long Kept, long Dropped, IReadOnlyDictionary<string, long> ByReason);

/// <summary>Lets every filter of a policy judge every row, and writes down what each said.</summary>
public sealed class FilterPipeline
{
    /// <summary>All filters of this program: name → options record, for <see cref="KnownNames.Filters"/>.</summary>
    public static IReadOnlyDictionary<string, Type?> Known => throw new NotImplementedException();

    public FilterPipeline(FilterPolicy policy, IProgressLog progress) => throw new NotImplementedException();

    /// <param name="verdictsPath">Every filter's verdict on every row.</param>
    /// <param name="curatedPath">The examples that no filter dropped.</param>
    public Task<FilterSummary> RunAsync(IDataset dataset, string verdictsPath, string curatedPath, CancellationToken cancellationToken) => throw new NotImplementedException();
}
