using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;

namespace DistillForge.Runs.Benches;

/// <summary>An input that somebody made to do harm.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Refused">A part of what the user is told.</param>
/// <param name="Explode">Puts it into a place and lets the program read it, as a user would.</param>
public sealed record Bomb(string Name, string Refused, Func<BombPlace, Task> Explode)
{
    public override string ToString() => Name;
}

/// <summary>Where a bomb goes off: a folder with inputs (<c>in</c>), runs (<c>runs</c>) and one that nobody may write to (<c>outside</c>).</summary>
public sealed class BombPlace : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("distillforge-bomb-").FullName;

    public BombPlace()
    {
        foreach (var name in new[] { "in", "runs", "outside" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }
    }

    public string Runs => Path.Combine(folder, "runs");

    public string Outside => Path.Combine(folder, "outside");

    /// <summary>Files that lie where none may: outside of the inputs and of folders below <c>runs</c>.</summary>
    public IReadOnlyList<string> Strays => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))
        .Where(path => !path.StartsWith("in/", StringComparison.Ordinal) && !(path.StartsWith("runs/", StringComparison.Ordinal) && path.Count(c => c == '/') > 1))];

    public string Put(string name, string text) => Put(name, Encoding.UTF8.GetBytes(text));

    public string Put(string name, byte[] bytes)
    {
        var path = Path.Combine(folder, "in", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>A file of so many bytes that takes no room: it begins with the text, and the rest is zero.</summary>
    public string PutSparse(string name, string text, long length)
    {
        var path = Put(name, text);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.SetLength(length);
        return path;
    }

    /// <summary>Runs a recipe as far as its filters.</summary>
    /// <param name="rest">What differs from a small recipe that trains on a dataset.</param>
    public Task RunAsync(string rest, string name = "bomb") => ReadAsync($"name: {name}\nstudent: {{ vocabulary: {{ train: 300 }} }}\n{rest}\n");

    public async Task ReadAsync(string recipe)
        => await Forge.RunAsync(new RunRequest(Put("bomb.yaml", recipe), Runs, "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

/// <summary>Hostile inputs, each of which must be refused with a clear error, soon, in little memory, and without a file where none belongs.</summary>
public static class Bombs
{
    const long Gigabyte = 1L << 30;
    const string Rows = "{\"prompt\": \"a question\", \"completion\": \"an answer\"}\n";

    public static IReadOnlyList<Bomb> All { get; } =
    [
        new("YAML aliases", "refers to another value", place => place.ReadAsync(Laughs())),
        new("YAML, 100,000 levels", "nested deeper than", place => place.ReadAsync("name: " + new string('[', 100_000))),
        new("YAML of 1 GB", "files of this kind may have", place => Task.FromException(Caught(() => RecipeReader.Read(place.PutSparse("large.yaml", "name: x\n", Gigabyte), KnownNames.Unchecked)))),
        new("whole numbers without end", "seed", place => place.RunAsync($"seed: {new string('9', 100_000)}\ndataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}")),
        new("NaN and infinity in a recipe", "learning_rate", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}\ntrain: {{ learning_rate: .nan, validation: .inf, clip: NaN }}")),
        new("NaN in JSON lines", "is no JSON", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", "{\"prompt\": NaN}\n")} }}")),
        new("a run name that climbs out", "it names a folder", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}", "../outside/stolen")),
        new("an absolute run name", "it names a folder", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}", $"{place.Outside}/stolen")),
        new("a UNC run name", "it names a folder", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}", "'\\\\server\\share\\stolen'")),
        new("a run folder that is a link", "is a link", place => LinkedAsync(place, "runs/bomb")),
        new("a link in a run folder", "is a link", place => LinkedAsync(place, "runs/bomb/examples")),
        new("JSON, 1,000,000 levels", "is no JSON", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", "{\"prompt\":" + new string('[', 1_000_000))} }}")),
        new("a line of 1 GB", "characters", place => place.RunAsync($"dataset: {{ jsonl: {place.PutSparse("rows.jsonl", "{\"prompt\": \"", Gigabyte)} }}")),
        new("a CSV field of 1 GB", "characters", place => place.RunAsync($"dataset: {{ csv: {place.PutSparse("rows.csv", "text,answer\n\"", Gigabyte)} }}")),
        new("a dialogue's turn of 1 GB", "characters", place => place.ReadAsync($"name: bomb\nteacher: {{ gguf: models/home-teacher.gguf }}\nprompts: {{ turns: {place.PutSparse("turns.txt", "User: ", Gigabyte)} }}\n")),
        new("gzip where text is wanted", "is not UTF-8 text", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Zeros(64 << 20))} }}")),
        new("Parquet that counts rows it cannot have", "cannot be read as Parquet", place => place.RunAsync($"dataset: {{ parquet: {place.Put("rows.parquet", ParquetOf(Metadata(schema: 2_000_000_000)))} }}")),
        new("Parquet whose footer is longer than the file", "cannot be read as Parquet", place => place.RunAsync($"dataset: {{ parquet: {place.Put("rows.parquet", [.. "PAR1"u8, .. new byte[64], 0xFF, 0xFF, 0xFF, 0x7F, .. "PAR1"u8])} }}")),
        new("a regex of a million states", "states", place => FilterAsync(place, "regex: { deny: [ '((a{1000}){1000}){1000}' ] }")),
        new("a regex that goes back", "no linear time", place => FilterAsync(place, "regex: { deny: [ '(a+)+\\1$' ] }")),
        new("a JSON Schema of 100,000 levels", "schema", place => FilterAsync(place, $"json-schema: {{ schema: {place.Put("deep.json", string.Concat(Enumerable.Repeat("{\"not\":", 100_000)))} }}")),
        new("a JSON Schema that names a file of the machine", "$ref", place => FilterAsync(place, $"json-schema: {{ schema: {place.Put("ref.json", "{ \"$ref\": \"file:///etc/passwd\" }")} }}")),
        new("SQL that reads a file of the machine", "sql", place => FilterAsync(place, "sql: { drop: \"(select count(*) from read_text('/etc/passwd')) > 0\" }")),
        new("a policy that includes itself", "includes itself", place => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}\nfilters: {place.Put("policy.yaml", "include: policy.yaml\nfilters: [ min-length ]")}")),
        new("a template that includes a file of the machine", "partials", place => place.ReadAsync($"name: bomb\nteacher: {{ gguf: models/home-teacher.gguf }}\nprompts: {{ template: {place.Put("t.prompt.yaml", "kind: handlebars\nuser: '{{> /etc/passwd}}'\n")}, count: 1 }}\n")),
        new("a GGUF that counts 2^62 tensors", "bomb.gguf", place => place.ReadAsync($"name: bomb\nteacher: {{ gguf: {place.Put("bomb.gguf", Gguf(1UL << 62))} }}\nprompts: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}\n")),
        new("safetensors that name a file outside", "weight_map", place => Task.FromException(Caught(() => SafetensorsFolder.Open(Path.GetDirectoryName(place.Put("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"../../outside/x.safetensors\"}}"))!).Dispose()))),
        new("a grammar of 1 GB", "grammar", place => place.ReadAsync($"name: bomb\nteacher: {{ gguf: models/home-teacher.gguf }}\nprompts: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}\ngenerate: {{ grammar: {place.PutSparse("bomb.gbnf", "root ::= \"a\"\n", Gigabyte)} }}\n")),
    ];

    static Task FilterAsync(BombPlace place, string filter)
        => place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}\nfilters: {place.Put("policy.yaml", $"filters:\n  - {filter}\n")}");

    static Task LinkedAsync(BombPlace place, string link)
    {
        var path = Path.Combine(Path.GetDirectoryName(place.Runs)!, link);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateSymbolicLink(path, place.Outside);
        return place.RunAsync($"dataset: {{ jsonl: {place.Put("rows.jsonl", Rows)} }}");
    }

    // Ten levels of ten references each: ten thousand million values.
    static string Laughs() => "name: bomb\na0: &a0 [ lol ]\n" + string.Concat(Enumerable.Range(1, 10).Select(i => $"a{i}: &a{i} [ {string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))} ]\n"));

    static byte[] Zeros(int bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[bytes]);
        }

        return packed.ToArray();
    }

    // Thrift's compact form: version 1, then a list of so many schema elements, of which there is none.
    static byte[] Metadata(int schema)
    {
        var bytes = new List<byte> { 0x15, 0x02, 0x19, 0xFC };
        for (var left = (uint)schema; ; left >>= 7)
        {
            bytes.Add((byte)(left < 128 ? left : (left & 127) | 128));
            if (left < 128)
            {
                return [.. bytes, 0x16, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x00];
            }
        }
    }

    static byte[] ParquetOf(byte[] metadata) => [.. "PAR1"u8, .. metadata, .. BitConverter.GetBytes(metadata.Length), .. "PAR1"u8];

    static byte[] Gguf(ulong tensors)
    {
        var head = new byte[24];
        "GGUF"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), 3);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(8), tensors);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(16), 0);
        return head;
    }

    static ForgeException Caught(Action read)
    {
        try
        {
            read();
        }
        catch (ForgeException refused)
        {
            return refused;
        }

        throw new InvalidOperationException("it was read");
    }
}
