using System.CommandLine;
using System.Net;
using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Runs;
using DistillForge.Serving;

namespace DistillForge.Cli.Commands;

/// <summary><c>serve MODEL</c>: OpenAI's API on this machine.</summary>
static class ServeCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A GGUF file" };
        var port = new Option<int>("--port") { Description = "0 takes a free one", DefaultValueFactory = _ => 8080 };
        var address = new Option<string?>("--address") { Description = $"Another address than loopback; needs a key in {Serve.KeyVariable}" };
        var name = new Option<string?>("--name") { Description = "What requests call the model (default: the file's name)" };
        var context = new Option<int>("--context") { Description = "Longest sequence in tokens; 0 takes the model's own, at most 4,096" };
        var parallel = new Option<int>("--parallel") { Description = "Sequences decoded side by side; 0 measures which number is fastest" };
        var exact = new Option<bool>("--exact") { Description = "Each sequence alone, F32 cache: the same seed gives the same answer in any company, slower" };
        var hosts = new Option<string[]>("--allow-host") { Description = "A further name by which it may be called (Host header)" };
        var origins = new Option<string[]>("--allow-origin") { Description = "An origin whose pages may ask, e.g. http://localhost:3000" };
        var command = new Command("serve", "Serve a GGUF as OpenAI's API does: /v1/chat/completions, /v1/completions, /v1/models; streaming, log-probabilities, many requests at once.") { model, port, address, name, context, parallel, exact, hosts, origins };
        command.SetAction(parsed => Ending.OfAsync(async interrupt =>
        {
            var key = Environment.GetEnvironmentVariable(Serve.KeyVariable);
            var options = new ServeOptions(Address(parsed.GetValue(address)), parsed.GetValue(port), string.IsNullOrEmpty(key) ? null : key, parsed.GetValue(hosts), parsed.GetValue(origins));
            var how = new LlamaOptions(Parallel: parsed.GetValue(parallel), Context: parsed.GetValue(context), Exact: parsed.GetValue(exact));
            await Serve.RunAsync(parsed.GetRequiredValue(model), parsed.GetValue(name), how, options, Console.Out.WriteLine, error => Console.Error.WriteLine(error), interrupt);
            return ExitCode.Done;
        }));
        return command;
    }

    static IPAddress? Address(string? given)
        => given is null ? null : IPAddress.TryParse(given, out var address) ? address : throw new ForgeException(new Problem("--address", $"'{given}' is no IP address.", "Write 0.0.0.0, or leave it out."));
}
