using System.Globalization;

namespace DistillForge.Text;

// What operators stand between: values, and what follows them without a space.
partial class TemplateExpressionParser
{
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
