using BenchmarkDotNet.Running;
using DistillForge.Benchmarks;

// dotnet run --project tests/DistillForge.Benchmarks -c Release -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(RowBenchmarks).Assembly).Run(args);
