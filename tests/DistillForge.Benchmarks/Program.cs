using BenchmarkDotNet.Running;
using DistillForge.Benchmarks;

// dotnet run --project tests/DistillForge.Benchmarks -c Release -- --filter '*'
if (args is ["fit-refusals", .. var rest])
{
    return RefusalFit.Run(rest);
}

BenchmarkSwitcher.FromAssembly(typeof(RowBenchmarks).Assembly).Run(args);
return 0;
