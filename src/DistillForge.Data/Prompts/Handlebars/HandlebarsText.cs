using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using HandlebarsDotNet;

namespace DistillForge.Data.Prompts;

/// <summary>
/// One Handlebars template, which may come from anybody: it reads the slots that it is given and nothing else. Partials and decorators are refused, so
/// no file is opened; nesting and output are bounded, so that it ends.
/// </summary>
public sealed partial class HandlebarsText
{
    const int MaxSource = 64 << 10;
    const int MaxBlocks = 12;
    // Lists have at most PickedRows.Most entries: three loops inside one another are 64³ turns.
    const int MaxLoops = 3;
    const int MaxOutput = 1 << 20;

    static readonly IHandlebars Engine = HandlebarsDotNet.Handlebars.Create(new HandlebarsConfiguration
    {
        NoEscape = true,
        ThrowOnUnresolvedBindingExpression = true,
        FormatProvider = CultureInfo.InvariantCulture,
    });

    readonly HandlebarsTemplate<TextWriter, object, object> template;

    /// <exception cref="FormatException">What is wrong.</exception>
    public HandlebarsText(string source)
    {
        Check(source);
        Source = source;
        try
        {
            template = Engine.Compile(new StringReader(source));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new FormatException($"is no template: {Said(exception)}", exception);
        }
    }

    public string Source { get; }

    /// <exception cref="FormatException">It reads a slot that is not there, or writes too much.</exception>
    public string Render(IReadOnlyDictionary<string, object> slots)
    {
        using var writer = new BoundedWriter(MaxOutput);
        try
        {
            template(writer, slots, null!);
        }
        // Whatever a stranger's template brings about in the library is that template's fault.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw exception.GetBaseException() is FormatException own ? own : new FormatException(Complaint(exception, slots), exception);
        }

        return writer.ToString();
    }

    // The library says which path it could not follow only in its message.
    static string Complaint(Exception exception, IReadOnlyDictionary<string, object> slots)
    {
        const string Undefined = " is undefined";
        var said = Said(exception);
        if (!said.Contains(Undefined, StringComparison.Ordinal))
        {
            return $"cannot be filled: {said}";
        }

        var path = said[..said.IndexOf(Undefined, StringComparison.Ordinal)].Trim();
        return $"reads '{path}', which nothing gives. {Core.NearName.Suggest(path, Steps(slots)) ?? $"Known: {string.Join(", ", Names(slots).Take(20))}."}";
    }

    static IEnumerable<string> Names(IReadOnlyDictionary<string, object> slots)
        => slots.SelectMany(slot => slot.Value is IReadOnlyDictionary<string, object> row ? row.Keys.Select(column => $"{slot.Key}.{column}") : [slot.Key]);

    // The library names only the last step of a path.
    static IEnumerable<string> Steps(IReadOnlyDictionary<string, object> slots)
        => slots.Keys.Concat(slots.Values.OfType<IReadOnlyDictionary<string, object>>().SelectMany(row => row.Keys));

    static void Check(string source)
    {
        if (source.Length > MaxSource)
        {
            throw new FormatException($"has {source.Length:N0} characters; a template may have {MaxSource:N0}.");
        }

        var (blocks, loops) = (new Stack<bool>(), 0);
        foreach (Match tag in Tags().Matches(source))
        {
            var (kind, name) = (tag.Groups["kind"].Value, tag.Groups["name"].Value);
            if (kind is ">" or "#>" or "*" or "#*" or "{{")
            {
                throw new FormatException($"has '{tag.Value}': partials, decorators and raw blocks are not for prompts.");
            }

            if (kind is "#" or "^" && (kind == "#" || name.Length > 0))
            {
                blocks.Push(kind == "#" && name is not ("if" or "unless" or "with"));
                loops += blocks.Peek() ? 1 : 0;
            }
            else if (kind == "/" && blocks.TryPop(out var loop))
            {
                loops -= loop ? 1 : 0;
            }

            if (blocks.Count > MaxBlocks || loops > MaxLoops)
            {
                throw new FormatException($"nests {(loops > MaxLoops ? "loops" : "blocks")} more than {(loops > MaxLoops ? MaxLoops : MaxBlocks)} deep.");
            }
        }

        if (source.Contains("(((((", StringComparison.Ordinal))
        {
            throw new FormatException("nests brackets more than 4 deep.");
        }
    }

    static string Said(Exception exception) => exception.Message.ReplaceLineEndings(" ").Trim();

    [GeneratedRegex(@"\{\{~?(?<kind>#>|#\*|\{\{|[#^/>*])?\s*(?<name>[\w.@-]*)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Tags();

    sealed class BoundedWriter(int most) : StringWriter(CultureInfo.InvariantCulture)
    {
        public override void Write(char value)
        {
            Count(1);
            base.Write(value);
        }

        public override void Write(string? value)
        {
            Count(value?.Length ?? 0);
            base.Write(value);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            Count(count);
            base.Write(buffer, index, count);
        }

        public override void Write(ReadOnlySpan<char> buffer)
        {
            Count(buffer.Length);
            base.Write(buffer);
        }

        public override Encoding Encoding => Encoding.UTF8;

        void Count(int more)
        {
            if (GetStringBuilder().Length + more > most)
            {
                throw new FormatException($"writes more than {most:N0} characters.");
            }
        }
    }
}
