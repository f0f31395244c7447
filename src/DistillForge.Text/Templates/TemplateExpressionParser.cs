namespace DistillForge.Text;

/// <summary>Expressions, with Jinja's precedence: a filter and a test bind tighter than any operator.</summary>
partial class TemplateExpressionParser(List<TemplateToken> tokens, TemplateLimits limits)
{
    int at;
    int depth;

    protected TemplateToken Current => tokens[at];

    protected int Line => Current.Line;

    // The end stays, however often it is taken.
    protected TemplateToken Take() => tokens[Current.Kind == TemplateTokenKind.End ? at : at++];

    protected bool IsOperator(string text) => Current.Kind == TemplateTokenKind.Operator && Current.Text == text;

    protected bool IsName(string text) => Current.Kind == TemplateTokenKind.Name && Current.Text == text;

    protected bool Accept(string text)
    {
        var found = Current.Kind is TemplateTokenKind.Operator or TemplateTokenKind.Name && Current.Text == text;
        at += found ? 1 : 0;
        return found;
    }

    protected void Expect(string text)
    {
        if (!Accept(text))
        {
            throw TemplateException.Syntax(Line, Current.Text, $"stands where '{text}' must.");
        }
    }

    protected string ExpectName()
        => Current.Kind == TemplateTokenKind.Name ? Take().Text : throw TemplateException.Syntax(Line, Current.Text, "stands where a name must.");

    /// <summary>Guards the stack: whatever nests goes through here.</summary>
    protected T Nested<T>(Func<T> parse)
    {
        if (++depth > limits.Depth)
        {
            throw TemplateException.Limit(Line, Current.Text, $"is nested more than {limits.Depth} deep.");
        }

        var result = parse();
        depth--;
        return result;
    }

    /// <summary>An expression; several with commas are a list.</summary>
    protected TemplateNode Tuple()
    {
        var (line, first) = (Line, Expression());
        if (!IsOperator(","))
        {
            return first;
        }

        List<TemplateNode> items = [first];
        while (Accept(",") && !IsTupleEnd)
        {
            items.Add(Expression());
        }

        return new ListNode(line, items);
    }

    bool IsTupleEnd => Current.Kind is TemplateTokenKind.ExpressionEnd or TemplateTokenKind.StatementEnd || IsOperator(")");

    protected TemplateNode Expression() => Nested(Condition);

    TemplateNode Condition()
    {
        var (line, node) = (Line, Or());
        while (Accept("if"))
        {
            var condition = Or();
            node = new ConditionNode(line, condition, node, Accept("else") ? Nested(Condition) : null);
        }

        return node;
    }

    /// <summary>Without the conditional form, so that the <c>if</c> of a loop is left to it.</summary>
    protected TemplateNode Or() => Chain(And, "or");

    TemplateNode And() => Chain(Not, "and");

    TemplateNode Not()
    {
        var line = Line;
        return Accept("not") ? new UnaryNode(line, "not", Nested(Not)) : Compare();
    }

    TemplateNode Compare()
    {
        var (line, first) = (Line, Chain(Concatenation, "+", "-"));
        List<(string, TemplateNode)> rest = [];
        while (ComparisonOperator() is { } op)
        {
            rest.Add((op, Chain(Concatenation, "+", "-")));
        }

        return rest.Count == 0 ? first : new CompareNode(line, first, rest);
    }

    string? ComparisonOperator()
    {
        foreach (var op in (ReadOnlySpan<string>)["==", "!=", "<", "<=", ">", ">=", "in"])
        {
            if (Accept(op))
            {
                return op;
            }
        }

        if (IsName("not") && tokens[at + 1] is { Kind: TemplateTokenKind.Name, Text: "in" })
        {
            at += 2;
            return "not in";
        }

        return null;
    }

    TemplateNode Concatenation() => Chain(Product, "~");

    TemplateNode Product() => Chain(Power, "*", "/", "//", "%");

    TemplateNode Power() => Chain(() => Unary(withFilters: true), "**");

    TemplateNode Chain(Func<TemplateNode> operand, params ReadOnlySpan<string> operators)
    {
        var node = operand();
        while (FirstAccepted(operators) is { } op)
        {
            node = new BinaryNode(node.Line, op, node, operand());
        }

        return node;
    }

    string? FirstAccepted(ReadOnlySpan<string> operators)
    {
        foreach (var op in operators)
        {
            if (Accept(op))
            {
                return op;
            }
        }

        return null;
    }

    TemplateNode Unary(bool withFilters)
    {
        var line = Line;
        TemplateNode node;
        if (IsOperator("-") || IsOperator("+"))
        {
            var op = Take().Text;
            node = new UnaryNode(line, op, Nested(() => Unary(withFilters: false)));
        }
        else
        {
            node = Postfix(Primary());
        }

        return withFilters ? FiltersAndTests(node) : node;
    }
}
