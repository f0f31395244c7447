namespace DistillForge.Text;

abstract record TemplateNode(int Line);

sealed record LiteralNode(int Line, object? Value) : TemplateNode(Line);
sealed record NameNode(int Line, string Name) : TemplateNode(Line);
sealed record ListNode(int Line, IReadOnlyList<TemplateNode> Items) : TemplateNode(Line);
sealed record MapNode(int Line, IReadOnlyList<(TemplateNode Key, TemplateNode Value)> Items) : TemplateNode(Line);
sealed record AttributeNode(int Line, TemplateNode Target, string Name) : TemplateNode(Line);
sealed record IndexNode(int Line, TemplateNode Target, TemplateNode Index) : TemplateNode(Line);
sealed record SliceNode(int Line, TemplateNode Target, TemplateNode? From, TemplateNode? To, TemplateNode? Step) : TemplateNode(Line);
sealed record CallNode(int Line, TemplateNode Target, ArgumentNodes Arguments) : TemplateNode(Line);
sealed record FilterNode(int Line, TemplateNode Target, string Name, ArgumentNodes Arguments) : TemplateNode(Line);
sealed record TestNode(int Line, TemplateNode Target, string Name, ArgumentNodes Arguments, bool Negated) : TemplateNode(Line);
sealed record UnaryNode(int Line, string Operator, TemplateNode Operand) : TemplateNode(Line);
sealed record BinaryNode(int Line, string Operator, TemplateNode Left, TemplateNode Right) : TemplateNode(Line);
sealed record CompareNode(int Line, TemplateNode First, IReadOnlyList<(string Operator, TemplateNode Right)> Rest) : TemplateNode(Line);
sealed record ConditionNode(int Line, TemplateNode Condition, TemplateNode Then, TemplateNode? Otherwise) : TemplateNode(Line);

sealed record ArgumentNodes(IReadOnlyList<TemplateNode> Positional, IReadOnlyList<(string Name, TemplateNode Value)> Named)
{
    public static ArgumentNodes None { get; } = new([], []);
}

sealed record TextNode(int Line, string Text) : TemplateNode(Line);
sealed record OutputNode(int Line, TemplateNode Value) : TemplateNode(Line);
sealed record IfNode(int Line, IReadOnlyList<(TemplateNode Condition, IReadOnlyList<TemplateNode> Body)> Branches, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode(Line);
sealed record ForNode(int Line, IReadOnlyList<string> Targets, TemplateNode Source, TemplateNode? Filter, IReadOnlyList<TemplateNode> Body, IReadOnlyList<TemplateNode> Otherwise) : TemplateNode(Line);

/// <param name="Field">Of a namespace, <c>set ns.field = …</c>; null sets the name itself.</param>
sealed record SetNode(int Line, IReadOnlyList<string> Targets, string? Field, TemplateNode Value) : TemplateNode(Line);

/// <summary>The text that the body makes, as a value: <c>{% set x %}…{% endset %}</c>.</summary>
sealed record CaptureNode(int Line, IReadOnlyList<TemplateNode> Body) : TemplateNode(Line);

sealed record MacroNode(int Line, string Name, IReadOnlyList<(string Name, TemplateNode? Default)> Parameters, IReadOnlyList<TemplateNode> Body) : TemplateNode(Line);
sealed record BreakNode(int Line) : TemplateNode(Line);
sealed record ContinueNode(int Line) : TemplateNode(Line);
