namespace DistillForge.Data;

/// <summary>Only the ids of any file that has them.</summary>
static class IdsFile
{
    static readonly ParquetFile<string> File = new("rows with ids", new IdSchema());

    public static IAsyncEnumerable<string> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);

    sealed class IdSchema : ParquetSchema<string>
    {
        readonly Column<string> id;

        public IdSchema() => id = Add("id", Types.Text, row => row);

        public override int Weigh(string row) => 200;

        protected override string Build(Values values, int row) => values.Get(id, row);
    }
}
