using System.Globalization;

namespace DistillForge.Text;

/// <summary>Expressions, with Jinja's precedence: a filter and a test bind tighter than any operator.</summary>
class TemplateExpressionParser(List<TemplateToken> tokens, TemplateLimits limits)
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

    TemplateNode Primary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case TemplateTokenKind.String:
                var text = token.Text;
                while (Current.Kind == TemplateTokenKind.String)
                {
                    text += Take().Text;
                }

                return new LiteralNode(token.Line, text);
            case TemplateTokenKind.Integer:
                return new LiteralNode(token.Line, long.TryParse(token.Text, CultureInfo.InvariantCulture, out var integer) ? integer : throw TemplateException.Syntax(token.Line, token.Text, "is too large a number."));
            case TemplateTokenKind.Float:
                return new LiteralNode(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TemplateTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new LiteralNode(token.Line, true),
                    "false" or "False" => new LiteralNode(token.Line, false),
                    "none" or "None" => new LiteralNode(token.Line, null),
                    _ => new NameNode(token.Line, token.Text),
                };
            case TemplateTokenKind.Operator when token.Text == "(":
                return Parenthesis(token.Line);
            case TemplateTokenKind.Operator when token.Text == "[":
                return new ListNode(token.Line, Items("]", Expression));
            case TemplateTokenKind.Operator when token.Text == "{":
                return new MapNode(token.Line, Items("}", KeyAndValue));
            default:
                throw TemplateException.Syntax(token.Line, token.Text, "stands where a value must.");
        }
    }

    TemplateNode Parenthesis(int line)
    {
        if (Accept(")"))
        {
            return new ListNode(line, []);
        }

        var inner = Tuple();
        Expect(")");
        return inner;
    }

    (TemplateNode, TemplateNode) KeyAndValue()
    {
        var key = Expression();
        Expect(":");
        return (key, Expression());
    }

    List<T> Items<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!Accept(close))
        {
            items.Add(item());
            if (!Accept(","))
            {
                Expect(close);
                break;
            }
        }

        return items;
    }

    TemplateNode Postfix(TemplateNode node)
    {
        while (true)
        {
            var line = Line;
            if (Accept("."))
            {
                node = Current.Kind == TemplateTokenKind.Integer
                    ? new IndexNode(line, node, Primary())
                    : new AttributeNode(line, node, ExpectName());
            }
            else if (Accept("["))
            {
                node = Subscript(line, node);
                Expect("]");
            }
            else if (Accept("("))
            {
                node = new CallNode(line, node, Arguments());
            }
            else
            {
                return node;
            }
        }
    }

    TemplateNode Subscript(int line, TemplateNode node)
    {
        TemplateNode? Part() => IsOperator(":") || IsOperator("]") ? null : Expression();
        var from = Part();
        if (!Accept(":"))
        {
            return new IndexNode(line, node, from ?? throw TemplateException.Syntax(line, "[]", "needs an index."));
        }

        var to = Part();
        return new SliceNode(line, node, from, to, Accept(":") ? Part() : null);
    }

    // After the opening parenthesis.
    protected ArgumentNodes Arguments()
    {
        List<TemplateNode> positional = [];
        List<(string, TemplateNode)> named = [];
        Items<object?>(")", () =>
        {
            if (Current.Kind == TemplateTokenKind.Name && tokens[at + 1] is { Kind: TemplateTokenKind.Operator, Text: "=" })
            {
                var name = Take().Text;
                Take();
                named.Add((name, Expression()));
            }
            else
            {
                positional.Add(Expression());
            }

            return null;
        });
        return new(positional, named);
    }

    TemplateNode FiltersAndTests(TemplateNode node)
    {
        while (true)
        {
            if (IsOperator("|"))
            {
                node = Filter(node);
            }
            else if (IsName("is"))
            {
                node = Test(node);
            }
            else
            {
                return node;
            }
        }
    }

    TemplateNode Filter(TemplateNode node)
    {
        var line = Take().Line;
        var name = ExpectName();
        return TemplateFilters.Names.Contains(name)
            ? new FilterNode(line, node, name, Accept("(") ? Arguments() : ArgumentNodes.None)
            : throw TemplateException.Unsupported(line, $"filter '{name}'");
    }

    TemplateNode Test(TemplateNode node)
    {
        var line = Take().Line;
        var negated = Accept("not");
        var name = IsOperator("==") ? Take().Text : ExpectName();
        if (!TemplateTests.Names.Contains(name))
        {
            throw TemplateException.Unsupported(line, $"test '{name}'");
        }

        var hasBareArgument = Current.Kind is TemplateTokenKind.String or TemplateTokenKind.Integer or TemplateTokenKind.Float
            || IsOperator("[") || IsOperator("{")
            || (Current.Kind == TemplateTokenKind.Name && Current.Text is not ("else" or "or" or "and" or "is" or "if" or "not" or "in"));
        var arguments = Accept("(") ? Arguments() : hasBareArgument ? new([Postfix(Primary())], []) : ArgumentNodes.None;
        return new TestNode(line, node, name, arguments, negated);
    }
}
