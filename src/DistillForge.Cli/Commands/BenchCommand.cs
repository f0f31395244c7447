using System.CommandLine;
using DistillForge.Core;
using DistillForge.Runs.Benches;

namespace DistillForge.Cli.Commands;

/// <summary><c>bench NAME</c>: measures what DistillForge promises, beside a reference.</summary>
static class BenchCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = $"One of: {string.Join(", ", BenchCatalog.All.Names)}" };
        var model = new Option<string?>("--model") { Description = "A GGUF of your own" };
        var make = new Option<string?>("--make") { Description = $"Measure on a model with random weights, made once: {string.Join(", ", SpeedModel.Names)}" };
        var type = new Option<string>("--type") { Description = "Weights of the model that is made: q8_0 or f16", DefaultValueFactory = _ => "q8_0" };
        var threads = new Option<int>("--threads") { Description = "0 takes every core" };
        var parallel = new Option<int>("--parallel") { Description = "Sequences decoded side by side; 0 lets the engine choose" };
        var rounds = new Option<int>("--rounds") { Description = "How often ours and the reference are measured, in turns; 0 takes the bench's own number" };
        var tokens = new Option<int>("--tokens") { Description = "Length of a prompt and of an answer; 0 takes the bench's own" };
        var peer = new Option<string?>("--peer") { Description = "A program to compare with; for generate a llama-batched-bench" };
        var data = new Option<string?>("--data") { Description = "Questions of your own, for encode, sparse and distill: turns (.txt), .jsonl, .csv or a prompt template" };
        var device = new Option<string>("--device") { Description = "Where training is measured: cpu, cuda, cuda:0, …", DefaultValueFactory = _ => "cpu" };
        var work = new Option<string?>("--work") { Description = "For sparse and distill: a folder that keeps answers, traces and figures; the same command goes on there" };
        var seeds = new Option<int>("--seeds") { Description = "Trainings of each method; 0 takes the bench's own number" };
        var jobs = new Option<int>("--jobs") { Description = "Trainings at a time, of one thread each; 0 takes as many as there are threads" };
        var minutes = new Option<double>("--minutes") { Description = "Train no longer than this and print what there is; 0 sets no limit" };
        var only = new Option<string?>("--codings", "--methods", "--loads") { Description = "Parts of names, with ';' between: compare only these (of codings and methods also both ends)" };
        var rates = new Option<double[]>("--rates") { Description = "Learning rates to choose each method's from", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
        var prompts = new Option<int>("--prompts") { Description = "Questions to the teacher; 0 takes the bench's own number" };
        var samples = new Option<int>("--samples") { Description = "Answers a question; 0 takes the bench's own number" };
        var command = new Command("bench", "Measure what DistillForge promises, beside a reference, on this machine.") { name, model, make, type, threads, parallel, rounds, tokens, peer, data, device, work, seeds, jobs, minutes, only, rates, prompts, samples, RunCommand.Json };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var request = new BenchRequest(parsed.GetValue(model), parsed.GetValue(make), parsed.GetValue(type)!, parsed.GetValue(threads), parsed.GetValue(parallel), parsed.GetValue(rounds), parsed.GetValue(tokens), parsed.GetValue(peer), parsed.GetValue(data), parsed.GetValue(device)!)
            {
                Trials = new TrialRequest(parsed.GetValue(work), parsed.GetValue(seeds), parsed.GetValue(jobs), parsed.GetValue(minutes), parsed.GetValue(only), parsed.GetValue(rates), parsed.GetValue(prompts), parsed.GetValue(samples)),
            };
            var measured = await BenchCatalog.All.Create(parsed.GetRequiredValue(name), null).MeasureAsync(request, Output.Progress(), interrupt);
            var machine = BenchMachine.Here();
            await Console.Out.WriteLineAsync(parsed.GetValue(RunCommand.Json) ? measured.ToJson(machine) : measured.Render(machine));
            return ExitCode.Done;
        }));
        return command;
    }
}
