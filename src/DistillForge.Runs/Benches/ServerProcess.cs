using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>A server in a process of its own, gone when it is disposed of.</summary>
sealed class ServerProcess : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly Process process;

    ServerProcess(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Our own, as a user starts it.</summary>
    public static Task<ServerProcess> OursAsync(string model, int slots, int threads, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Home.BuiltProject("DistillForge.Cli"), "distillforge.dll"), "serve", model, "--port", Text(port), "--parallel", Text(slots)]);
        start.Environment["DISTILLFORGE_HOME"] = Home.Root;
        if (threads > 0)
        {
            start.Environment["DISTILLFORGE__THREADS"] = Text(threads);
        }

        return StartAsync(start, port, cancellationToken);
    }

    /// <summary>llama.cpp's, as a user built it; every slot with the context that ours gives a sequence.</summary>
    public static Task<ServerProcess> LlamaServerAsync(string program, string model, int slots, int threads, CancellationToken cancellationToken)
    {
        const int Context = 4096;
        var port = FreePort();
        var start = new ProcessStartInfo(Path.GetFullPath(program), ["-m", model, "--host", "127.0.0.1", "--port", Text(port), "-np", Text(slots), "-c", Text(slots * Context), "-t", Text(threads), "-tb", Text(threads), "--no-ui", "--log-disable"])
        {
            // Where its libraries lie, a program that loads them by name finds them too.
            WorkingDirectory = Path.GetDirectoryName(new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(program))!,
        };
        start.Environment["LD_LIBRARY_PATH"] = $"{start.WorkingDirectory}:{Environment.GetEnvironmentVariable("LD_LIBRARY_PATH")}";
        return StartAsync(start, port, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    static async Task<ServerProcess> StartAsync(ProcessStartInfo start, int port, CancellationToken cancellationToken)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.UseShellExecute) = (true, true, false);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ForgeException(new Problem(start.FileName, $"cannot be run: {e.Message}", "Give the path of a llama-server."), inner: e);
        }

        var server = new ServerProcess(process, new Uri($"http://127.0.0.1:{Text(port)}/"));
        var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        try
        {
            await server.ReadyAsync(said, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    async Task ReadyAsync(Task<string> said, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Patience; await Task.Delay(100, cancellationToken))
        {
            if (process.HasExited)
            {
                throw new ForgeException(new Problem(process.StartInfo.FileName, $"ended with {process.ExitCode}: {(await said).Trim().Split('\n')[^1]}", "Start it by hand to see why."));
            }

            try
            {
                if ((await client.GetAsync(new Uri(Address, "health"), cancellationToken)).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
        }

        throw new ForgeException(new Problem(process.StartInfo.FileName, $"did not answer within {Patience.TotalMinutes:0} minutes."));
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
