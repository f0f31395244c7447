using System.Collections.Frozen;
using DistillForge.Core;
using DistillForge.Data.Duck;
using DistillForge.Text;

namespace DistillForge.Data;

/// <summary>A shape of rows that other trainers read: its columns, in order.</summary>
/// <param name="Name">As <c>export --format</c> takes it.</param>
/// <param name="Readers">Who reads it.</param>
/// <param name="JsonlOnly">Its readers take JSON lines alone.</param>
public sealed record ExportShape(string Name, string Readers, bool JsonlOnly = false)
{
    static readonly Codec<string> Text = Types.Text;
    static readonly Codec<IReadOnlyList<Message>> Messages = Types.Messages;
    static readonly Codec<IReadOnlyList<IReadOnlyList<string>>> Pairs = new RowsCodec<IReadOnlyList<string>>(new RowsCodec<string>(Types.Text));
    static readonly Codec<IReadOnlyList<MarkedText>> Parts = new RowsCodec<MarkedText>(new PairCodec<MarkedText, bool, string>("label", Types.Boolean, part => part.IsTrained, "text", Types.Text, part => part.Text, (label, text) => new MarkedText(label, text)));
    static readonly Codec<IReadOnlyList<Message>> Turns = new RowsCodec<Message>(Turn());

    const string InputOutput = "axolotl-input-output";

    internal IReadOnlyList<ShapeColumn> Columns { get; private init; } = [];

    /// <summary>The rows of the shape that a row becomes.</summary>
    internal Func<Example, IEnumerable<Example>> Split { get; private init; } = row => [row];

    /// <summary>Its texts hold the marks of a chat template: say which, <see cref="In"/>.</summary>
    public bool NeedsTemplate => Name == InputOutput;

    /// <summary>By name.</summary>
    /// <remarks>
    /// TRL: https://huggingface.co/docs/trl/dataset_formats; LLaMA-Factory: data/README.md of its repository; axolotl: its pages on conversations, on preference
    /// tuning and on template-free training; OpenAI: the guides on supervised fine-tuning and on preference optimization.
    /// </remarks>
    public static FrozenDictionary<string, ExportShape> All { get; } = new[]
    {
        Of("trl", "TRL (prompt and completion as messages; trains on the completion alone)", Said("prompt", row => row.Prompt), Said("completion", row => row.Completion)),
        Of("prompt-completion", "TRL and others (prompt and completion as texts; one question a row)", Texts("prompt", RowShapes.Question), Texts("completion", row => row.Text)),
        Of("messages", "TRL, axolotl (chat_template), OpenAI", Said("messages", row => [.. row.Prompt, .. row.Completion])),
        Of("sharegpt", "LLaMA-Factory, axolotl", From("conversations", row => [.. RowShapes.Turns(row), .. row.Completion]), Texts("system", RowShapes.System)),
        Of("alpaca", "LLaMA-Factory, axolotl", [.. Asked(), Texts("output", row => row.Text), Texts("system", RowShapes.System), History()]),
        Of("preference", "TRL (DPO and others)", Said("prompt", row => row.Prompt), Said("chosen", row => row.Completion), Said("rejected", row => [RowShapes.Rejected(row)])),
        Of("axolotl-preference", "axolotl (chat_template.default)", Said("messages", row => row.Prompt), One("chosen", RowShapes.Chosen), One("rejected", RowShapes.Rejected)),
        Of("sharegpt-preference", "LLaMA-Factory", From("conversations", RowShapes.Turns), OneFrom("chosen", RowShapes.Chosen), OneFrom("rejected", RowShapes.Rejected), Texts("system", RowShapes.System)),
        Of("alpaca-preference", "LLaMA-Factory", [.. Asked(), Texts("chosen", row => row.Text), Texts("rejected", row => RowShapes.Rejected(row).Content), Texts("system", RowShapes.System), History()]),
        Of("kto", "TRL (KTO)", Said("prompt", row => row.Prompt), Said("completion", row => row.Completion), new ShapeColumn<bool>("label", Types.Boolean, RowShapes.IsWanted, (json, label) => json.WriteBooleanValue(label))) with { Split = RowShapes.Unpaired },
        Segments(_ => throw new ForgeException(new Problem(InputOutput, "holds texts with the marks of a chat template, and none is named.", "Name a GGUF that has it."))),
        Of("openai-preference", "OpenAI (direct preference optimization)", new InputColumn(), Said("preferred_output", row => [RowShapes.Chosen(row)]), Said("non_preferred_output", row => [RowShapes.Rejected(row)])) with { JsonlOnly = true },
    }.ToFrozenDictionary(shape => shape.Name);

    /// <summary>The shape with texts as this model's chat template writes them; a shape without such texts is what it was.</summary>
    public ExportShape In(Dialogue dialogue) => NeedsTemplate ? Segments(row => RowShapes.Segments(row, dialogue)) : this;

    static ExportShape Segments(Func<Example, IReadOnlyList<MarkedText>> get)
        => Of(InputOutput, "axolotl (input_output: texts with their marks, trained on where the label is true)", new ShapeColumn<IReadOnlyList<MarkedText>>("segments", Parts, get, (json, parts) => ShapeJson.List(json, parts, ShapeJson.Part)));

    static ExportShape Of(string name, string readers, params ShapeColumn[] columns) => new(name, readers) { Columns = columns };

    static ShapeColumn Texts(string name, Func<Example, string> get) => new ShapeColumn<string>(name, Text, get, (json, text) => json.WriteStringValue(text));

    static ShapeColumn Said(string name, Func<Example, IReadOnlyList<Message>> get) => new ShapeColumn<IReadOnlyList<Message>>(name, Messages, get, (json, messages) => ShapeJson.List(json, messages, ShapeJson.Role));

    static ShapeColumn One(string name, Func<Example, Message> get) => new ShapeColumn<Message>(name, Types.Message, get, ShapeJson.Role);

    static ShapeColumn From(string name, Func<Example, IReadOnlyList<Message>> get) => new ShapeColumn<IReadOnlyList<Message>>(name, Turns, get, (json, messages) => ShapeJson.List(json, messages, ShapeJson.From));

    static ShapeColumn OneFrom(string name, Func<Example, Message> get) => new ShapeColumn<Message>(name, Turn(), get, ShapeJson.From);

    static ShapeColumn[] Asked() => [Texts("instruction", RowShapes.LastQuestion), Texts("input", _ => "")];

    static ShapeColumn History() => new ShapeColumn<IReadOnlyList<IReadOnlyList<string>>>("history", Pairs, RowShapes.History, (json, pairs) => ShapeJson.List(json, pairs, (_, pair) => ShapeJson.List(json, pair, (_, text) => json.WriteStringValue(text))));

    static PairCodec<Message, string, string> Turn() => new("from", Types.Text, message => RowShapes.FromOf(message.Role), "value", Types.Text, message => message.Content, (from, value) => new Message(from, value));
}
