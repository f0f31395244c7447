using BenchmarkDotNet.Running;
using DistillForge.Benchmarks;

// dotnet run --project tests/DistillForge.Benchmarks -c Release -- --filter '*'
if (args is ["fit-refusals", .. var rest])
{
    return RefusalFit.Run(rest);
}

if (args is ["measure-refusals", .. var sets])
{
    return RefusalFigures.Run(sets);
}

BenchmarkSwitcher.FromAssembly(typeof(RowBenchmarks).Assembly).Run(args);
return 0;
