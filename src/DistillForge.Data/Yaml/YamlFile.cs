using System.Text;
using DistillForge.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DistillForge.Data.Yaml;

/// <summary>
/// Reads a small YAML file into nodes that know their lines. Built on the parser's events rather than on its document tree, because
/// a file from a stranger may be deep, large, or refer to itself: size and depth are bounded, and aliases are refused.
/// </summary>
public sealed class YamlFile
{
    const int MaximumDepth = 32;
    const int MaximumNodes = 200_000;

    readonly List<Problem> problems;
    readonly Parser parser;
    int nodes;

    YamlFile(TextReader reader, List<Problem> problems)
    {
        parser = new Parser(reader);
        this.problems = problems;
    }

    /// <param name="problems">What is wrong with the file's form is added here.</param>
    /// <returns>Null when there is nothing to go on with.</returns>
    /// <exception cref="ForgeException">The file cannot be opened, or is too large.</exception>
    public static YamlNode? Read(string path, List<Problem> problems, long maximumBytes = 1 << 20)
        => Parse(TextOf(path, maximumBytes), problems);

    public static YamlNode? Parse(string text, List<Problem> problems)
    {
        var file = new YamlFile(new StringReader(text), problems);
        try
        {
            return file.Document();
        }
        catch (YamlException exception)
        {
            problems.Add(new Problem("", $"is not YAML: {exception.InnerException?.Message ?? exception.Message}", "", (int)exception.Start.Line));
            return null;
        }
        // The scanner throws these on some broken files, e.g. on "[1\nb: {".
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            problems.Add(new Problem("", "is not YAML from here on.", "Look for an open bracket or quote.", (int)(file.parser.Current?.Start.Line ?? 1)));
            return null;
        }
    }

    static string TextOf(string path, long maximumBytes)
    {
        OutsideFile.Require(path);
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > maximumBytes)
            {
                throw new ForgeException(new Problem(path, $"has {stream.Length:N0} bytes; files of this kind may have {maximumBytes:N0}.", "Keep data in files of its own."));
            }

            using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return reader.ReadToEnd();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ForgeException(new Problem(path, "does not exist.", "Give the path of a file that is there."), inner: exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read: {exception.Message}"), inner: exception);
        }
        catch (DecoderFallbackException exception)
        {
            throw new ForgeException(new Problem(path, "is not UTF-8 text.", "Save it as UTF-8."), inner: exception);
        }
    }

    YamlNode? Document()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            problems.Add(new Problem("", "is empty."));
            return null;
        }

        parser.Consume<DocumentStart>();
        var root = Node(0);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
        {
            problems.Add(new Problem("", "has a second document.", "Keep one document to a file.", (int)second.Start.Line));
        }

        return root;
    }

    YamlNode Node(int depth)
    {
        var here = parser.Current!;
        parser.MoveNext();
        var line = (int)here.Start.Line;
        if (depth > MaximumDepth || ++nodes > MaximumNodes)
        {
            throw new YamlException(here.Start, here.End, depth > MaximumDepth ? $"nested deeper than {MaximumDepth} levels" : $"more than {MaximumNodes} values");
        }

        return here switch
        {
            AnchorAlias alias => throw new YamlException(here.Start, here.End, $"'*{alias.Value}' refers to another value; write the value itself"),
            Scalar scalar => new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, line),
            SequenceStart => new YamlList([.. Items(depth)], line),
            MappingStart => new YamlMap(Entries(depth), line),
            _ => throw new YamlException(here.Start, here.End, "a value was expected"),
        };
    }

    IEnumerable<YamlNode> Items(int depth)
    {
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            yield return Node(depth + 1);
        }
    }

    List<YamlEntry> Entries(int depth)
    {
        var entries = new List<YamlEntry>();
        var seen = new HashSet<string>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var start = parser.Current!.Start;
            if (Node(depth + 1) is not YamlText key)
            {
                throw new YamlException(start, start, "a key must be a word");
            }

            var name = key.Value.Replace('-', '_');
            var value = Node(depth + 1);
            if (seen.Add(name))
            {
                entries.Add(new YamlEntry(name, key.Value, value, key.Line));
            }
            else
            {
                problems.Add(new Problem(key.Value, "is given twice.", "Keep one.", key.Line));
            }
        }

        return entries;
    }
}
