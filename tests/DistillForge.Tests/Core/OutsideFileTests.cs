using System.Diagnostics;
using System.Net.Sockets;
using DistillForge.Data;
using DistillForge.Data.Prompts;
using DistillForge.Data.Yaml;
using DistillForge.Models;
using DistillForge.Tests.Data;

namespace DistillForge.Tests.Core;

public sealed class OutsideFileTests : IDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("device", "is a device, which has no end.")]
    [InlineData("pipe", "is a pipe, which has no end.")]
    [InlineData("socket", "is a socket, which has no end.")]
    [InlineData("folder", "is a folder.")]
    [InlineData("of the kernel", "is made by the kernel while it is read, and has no length.")]
    [InlineData("link to a pipe", "is a pipe, which has no end.")]
    [InlineData("file", null)]
    [InlineData("link", null)]
    [InlineData("nothing", null)]
    public void What_is_no_file_is_refused_with_what_it_is(string kind, string? what) => Assert.Equal(what, OutsideFile.Refusal(Make(kind, "x"))?.What);

    [Theory]
    [InlineData("jsonl")]
    [InlineData("csv")]
    [InlineData("parquet")]
    [InlineData("turns")]
    [InlineData("rows.jsonl")]
    [InlineData("table.csv")]
    [InlineData("rows of ours.parquet")]
    [InlineData("review.csv")]
    [InlineData("review.jsonl")]
    [InlineData("yaml")]
    [InlineData("gguf")]
    [InlineData("hash")]
    public async Task No_reader_waits_for_a_pipe_in_which_nobody_writes(string reader)
    {
        var path = Make("pipe", reader);
        Func<Task> read = reader switch
        {
            "jsonl" => () => Some.ListAsync(Import.JsonlAsync(path, default)),
            "csv" => () => Some.ListAsync(Import.CsvAsync(path, "prompt", null, default)),
            "parquet" => () => Some.ListAsync(Import.ParquetAsync(path, default)),
            "turns" => () => Some.ListAsync(Import.TurnsAsync(path, default)),
            "rows.jsonl" => () => Task.Run(() => Rows.Read(path).ToList()),
            "table.csv" => () => TableFile.ReadAsync([path], 1, default),
            "rows of ours.parquet" => () => Some.ListAsync(ExamplesFile.ReadAsync([path], default)),
            "yaml" => () => Task.Run(() => YamlFile.Read(path, [])),
            "gguf" => () => Task.Run(() => GgufFile.Open(path)),
            "hash" => () => Task.Run(() => Sha256.OfFile(path)),
            _ => () => Task.Run(() => ReviewSheet.Read(path)),
        };

        var error = await Assert.ThrowsAnyAsync<ForgeException>(() => read().WaitAsync(Soon));

        Assert.Contains("is a pipe, which has no end.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/zero", "/dev/zero is a device, which has no end.")]
    [InlineData("/proc/kmsg", "/proc/kmsg is made by the kernel while it is read, and has no length.")]
    [InlineData("pipe", "pipe is a pipe, which has no end.")]
    public void A_recipe_that_names_one_is_refused_with_the_line(string named, string what)
    {
        Make("pipe", "pipe");
        var recipe = folder.Put("r.yaml", $"name: r\nteacher: {{ gguf: models/home-teacher.gguf }}\nprompts: {{ jsonl: {named} }}\n");

        var problem = Assert.Single(Assert.Throws<ForgeException>(() => RecipeReader.Read(recipe, KnownNames.Unchecked)).Problems);

        Assert.Equal(("prompts.jsonl", what, 3), (problem.Where, problem.What, problem.Line));
    }

    string Make(string kind, string name)
    {
        switch (kind)
        {
            case "device":
                return "/dev/zero";
            case "of the kernel":
                return "/proc/self/maps";
            case "pipe":
                Process.Start("mkfifo", [folder[name]]).WaitForExit();
                return folder[name];
            case "socket":
                using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                {
                    socket.Bind(new UnixDomainSocketEndPoint(folder[name]));
                    // The second name stays when the first one goes with the socket.
                    Process.Start("ln", [folder[name], folder["socket"]]).WaitForExit();
                }

                return folder["socket"];
            case "folder":
                return folder.Folder;
            case "link to a pipe":
                File.CreateSymbolicLink(folder["link"], Make("pipe", name));
                return folder["link"];
            case "link":
                File.CreateSymbolicLink(folder["link"], folder.Put(name, "text"));
                return folder["link"];
            case "file":
                return folder.Put(name, "text");
            default:
                return folder[name];
        }
    }
}
