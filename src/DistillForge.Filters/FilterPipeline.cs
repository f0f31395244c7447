using System.Threading.Channels;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>What a filter stage found.</summary>
/// <param name="Dropped">Rows with at least one drop.</param>
/// <param name="ByReason">Dropped rows by the code of their cause: the first drop in policy order.</param>
/// <param name="Changed">Kept rows that a transform or a person changed; each goes on under another id and without its trace.</param>
/// <param name="Awaiting">Rows that a filter sends to a person who has not decided: neither kept nor dropped.</param>
/// <param name="ByPersons">Rows by what a person decided: approved, rejected, edited.</param>
public sealed record FilterSummary(long Kept, long Dropped, IReadOnlyDictionary<string, long> ByReason, long Changed = 0, long Awaiting = 0, IReadOnlyDictionary<string, long>? ByPersons = null);

/// <summary>Lets every filter of a policy judge every row, and writes down what each said.</summary>
public sealed class FilterPipeline
{
    static readonly Catalog<IFilter> RowFilters = new(typeof(FilterPipeline).Assembly);
    static readonly Catalog<IDatasetFilter> DatasetFilters = new(typeof(FilterPipeline).Assembly);
    static readonly Catalog<IModelFilter> ModelFilters = new(typeof(FilterPipeline).Assembly);
    static readonly Catalog<ITransform> Transforms = new(typeof(FilterPipeline).Assembly);

    readonly Bench bench;
    readonly IProgressLog progress;

    /// <param name="services">What filters may ask for by type, e.g. the <see cref="TermsInForce"/> or an <see cref="IJudgeSource"/>; and the <see cref="Decisions"/> of people.</param>
    public FilterPipeline(FilterPolicy policy, IProgressLog progress, params object[] services)
    {
        this.progress = progress;
        bench = new Bench([.. policy.Filters.Select((setting, order) => Seat(setting, order, services))], services.OfType<Decisions>().FirstOrDefault() ?? Decisions.None, progress);
    }

    /// <summary>All filters of this program: name → options record, for <see cref="KnownNames.Filters"/>.</summary>
    public static IReadOnlyDictionary<string, Type?> Known { get; } = KnownNames.Of(RowFilters).Concat(KnownNames.Of(DatasetFilters)).Concat(KnownNames.Of(ModelFilters)).Concat(KnownNames.Of(Transforms)).ToDictionary();

    /// <summary>Whether the filter judges each row by itself.</summary>
    public static bool IsRowFilter(string name) => RowFilters.Contains(name);

    /// <summary>Whether the filter judges rows by the company they keep.</summary>
    public static bool IsDatasetFilter(string name) => DatasetFilters.Contains(name);

    /// <summary>One filter of a policy alone, for measurements.</summary>
    public static IFilter CreateRowFilter(ComponentSetting setting) => RowFilters.Create(setting.Name, setting.Options);

    /// <summary>One filter of a policy alone, for measurements.</summary>
    public static IDatasetFilter CreateDatasetFilter(ComponentSetting setting) => DatasetFilters.Create(setting.Name, setting.Options);

    /// <param name="verdictsPath">Every filter's verdict on every row.</param>
    /// <param name="curatedPath">The examples that no filter dropped and that do not await a person.</param>
    public async Task<FilterSummary> RunAsync(IDataset dataset, string verdictsPath, string curatedPath, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var verdicts = Channel.CreateBounded<JudgedRow>(8192);
        var curated = Channel.CreateBounded<Example>(2048);
        var judging = JudgeAsync(dataset, verdicts.Writer, curated.Writer, stop.Token);
        Task[] all =
        [
            judging,
            VerdictsFile.WriteAsync(verdictsPath, verdicts.Reader.ReadAllAsync(stop.Token), stop.Token),
            ExamplesFile.WriteAsync(curatedPath, curated.Reader.ReadAllAsync(stop.Token), stop.Token),
        ];
        try
        {
            // The first to fail stops the others: a judge must not wait for a writer that is gone.
            await foreach (var ended in Task.WhenEach(all).WithCancellation(CancellationToken.None))
            {
                await ended;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(all).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return await judging;
    }

    /// <summary>What <see cref="RunAsync"/> would do with these rows; nothing is written.</summary>
    /// <param name="examples">Rows shown of each reason.</param>
    public async Task<FilterPreview> PreviewAsync(IDataset dataset, int examples, CancellationToken cancellationToken)
    {
        var tally = new PreviewTally(examples);
        var rows = 0L;
        await foreach (var judgement in bench.JudgeAsync(dataset, cancellationToken))
        {
            tally.Add(judgement);
            progress.Report("filter", ++rows, dataset.Count, "rows");
        }

        return tally.Preview;
    }

    async Task<FilterSummary> JudgeAsync(IDataset dataset, ChannelWriter<JudgedRow> verdicts, ChannelWriter<Example> curated, CancellationToken cancellationToken)
    {
        var (kept, dropped, changed, awaiting) = (0L, 0L, 0L, 0L);
        var persons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        try
        {
            await foreach (var judgement in bench.JudgeAsync(dataset, cancellationToken))
            {
                foreach (var judged in judgement.Verdicts)
                {
                    await verdicts.WriteAsync(judged, cancellationToken);
                }

                if (judgement.Ruling is { } ruling)
                {
                    var decided = ruling.ToVerdict().Reason!.Code;
                    persons[decided] = persons.GetValueOrDefault(decided) + 1;
                }

                if (judgement.Cause is { } cause)
                {
                    dropped++;
                    reasons[cause.Verdict.Reason!.Code] = reasons.GetValueOrDefault(cause.Verdict.Reason.Code) + 1;
                }
                else if (judgement.AwaitsReview)
                {
                    awaiting++;
                }
                else
                {
                    kept++;
                    changed += ReferenceEquals(judgement.Row, judgement.Result) ? 0 : 1;
                    await curated.WriteAsync(judgement.Result, cancellationToken);
                }

                progress.Report("filter", kept + dropped + awaiting, dataset.Count, "rows");
            }

            verdicts.Complete();
            curated.Complete();
            return new FilterSummary(kept, dropped, reasons, changed, awaiting, persons);
        }
        catch (Exception exception)
        {
            verdicts.Complete(exception);
            curated.Complete(exception);
            throw;
        }
    }

    /// <summary>Names a filter as it judges: its options, the files that they name, and how often it was taught to judge otherwise.</summary>
    public static string VersionOf(ComponentSetting setting) => RevisionOf(setting.Name) is > 1 and var revision ? Sha256.OfText($"{setting.Text}\nrevision {revision}")[..setting.Version.Length] : setting.Version;

    /// <summary>See <see cref="ComponentAttribute.Revision"/>.</summary>
    public static int RevisionOf(string filter) => DatasetFilters.Contains(filter) ? DatasetFilters.RevisionOf(filter)
        : ModelFilters.Contains(filter) ? ModelFilters.RevisionOf(filter)
        : Transforms.Contains(filter) ? Transforms.RevisionOf(filter)
        : RowFilters.RevisionOf(filter);

    static Judge Seat(ComponentSetting setting, int order, object[] services) => DatasetFilters.Contains(setting.Name)
        ? new Judge(setting, order, Dataset: DatasetFilters.Create(setting.Name, setting.Options, services))
        : ModelFilters.Contains(setting.Name) ? new Judge(setting, order, Model: ModelFilters.Create(setting.Name, setting.Options, services))
        : Transforms.Contains(setting.Name) ? new Judge(setting, order, Transform: Transforms.Create(setting.Name, setting.Options, services))
        : new Judge(setting, order, Row: RowFilters.Create(setting.Name, setting.Options, services));
}
