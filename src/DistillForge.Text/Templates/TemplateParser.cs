namespace DistillForge.Text;

/// <summary>Statements: everything between the tags.</summary>
sealed class TemplateParser : TemplateExpressionParser
{
    // The next tag is one of these, and it is the caller's.
    static readonly string[] Ends = ["elif", "else", "endif", "endfor", "endset", "endmacro", "endfilter", "endgeneration"];

    int loops;

    TemplateParser(List<TemplateToken> tokens, TemplateLimits limits)
        : base(tokens, limits)
    {
    }

    public static IReadOnlyList<TemplateNode> Parse(string source, TemplateLimits limits)
    {
        if (source.Length > limits.SourceLength)
        {
            throw TemplateException.Limit(1, "the source", $"has {source.Length} characters; {limits.SourceLength} are the most.");
        }

        var parser = new TemplateParser(TemplateLexer.Read(source), limits);
        var body = parser.Body();
        return parser.Current.Kind == TemplateTokenKind.End ? body : throw TemplateException.Syntax(parser.Line, $"{{% {parser.Current.Text} %}}", "closes nothing.");
    }

    // Up to the end or to a closing tag, whose name is then the current token.
    List<TemplateNode> Body()
    {
        var nodes = new List<TemplateNode>();
        while (true)
        {
            var token = Take();
            switch (token.Kind)
            {
                case TemplateTokenKind.Text:
                    nodes.Add(new TextNode(token.Line, token.Text));
                    break;
                case TemplateTokenKind.ExpressionBegin:
                    nodes.Add(new OutputNode(token.Line, Tuple()));
                    Close(TemplateTokenKind.ExpressionEnd);
                    break;
                case TemplateTokenKind.StatementBegin when Array.IndexOf(Ends, Current.Text) < 0:
                    nodes.AddRange(Nested(Statement));
                    break;
                case TemplateTokenKind.StatementBegin:
                    return nodes;
                default:
                    return nodes;
            }
        }
    }

    void Close(TemplateTokenKind kind)
    {
        if (Take() is { } token && token.Kind != kind)
        {
            throw TemplateException.Syntax(token.Line, token.Text, "is more than fits here.");
        }
    }

    void EndTag(string name, int opened)
    {
        if (!Accept(name))
        {
            throw TemplateException.Syntax(opened, $"{{% {name[3..]} %}}", $"needs its {{% {name} %}}.");
        }

        Close(TemplateTokenKind.StatementEnd);
    }

    IEnumerable<TemplateNode> Statement()
    {
        var (line, name) = (Line, ExpectName());
        return name switch
        {
            "if" => [If(line)],
            "for" => [For(line)],
            "set" => [Set(line)],
            "macro" => [Macro(line)],
            "filter" => [FilterBlock(line)],
            "generation" => Generation(line),
            "break" => [Jump(line, name, new BreakNode(line))],
            "continue" => [Jump(line, name, new ContinueNode(line))],
            _ => throw TemplateException.Unsupported(line, $"{{% {name} %}}"),
        };
    }

    IfNode If(int line)
    {
        List<(TemplateNode, IReadOnlyList<TemplateNode>)> branches = [];
        do
        {
            var condition = Tuple();
            Close(TemplateTokenKind.StatementEnd);
            branches.Add((condition, Body()));
        }
        while (Accept("elif"));

        var otherwise = Else();
        EndTag("endif", line);
        return new(line, branches, otherwise);
    }

    List<TemplateNode> Else()
    {
        if (!Accept("else"))
        {
            return [];
        }

        Close(TemplateTokenKind.StatementEnd);
        return Body();
    }

    ForNode For(int line)
    {
        var targets = Targets();
        Expect("in");
        var source = Or();
        var filter = Accept("if") ? Expression() : null;
        if (IsName("recursive"))
        {
            throw TemplateException.Unsupported(line, "{% for … recursive %}");
        }

        Close(TemplateTokenKind.StatementEnd);
        loops++;
        var body = Body();
        loops--;
        var otherwise = Else();
        EndTag("endfor", line);
        return new(line, targets, source, filter, body, otherwise);
    }

    List<string> Targets()
    {
        List<string> targets = [ExpectName()];
        while (Accept(","))
        {
            targets.Add(ExpectName());
        }

        return targets;
    }

    SetNode Set(int line)
    {
        var targets = Targets();
        var field = targets.Count == 1 && Accept(".") ? ExpectName() : null;
        if (Accept("="))
        {
            var value = Tuple();
            Close(TemplateTokenKind.StatementEnd);
            return new(line, targets, field, value);
        }

        var wrap = Filters(line);
        Close(TemplateTokenKind.StatementEnd);
        var body = Body();
        EndTag("endset", line);
        return new(line, targets, field, wrap(new CaptureNode(line, body)));
    }

    TemplateNode FilterBlock(int line)
    {
        // {% filter a | b %} : as if it were piped into a.
        var wrap = Filters(line, firstIsBare: true);
        Close(TemplateTokenKind.StatementEnd);
        var body = Body();
        EndTag("endfilter", line);
        return new OutputNode(line, wrap(new CaptureNode(line, body)));
    }

    Func<TemplateNode, TemplateNode> Filters(int line, bool firstIsBare = false)
    {
        List<(string Name, ArgumentNodes Arguments)> filters = [];
        while (firstIsBare || Accept("|"))
        {
            firstIsBare = false;
            var name = ExpectName();
            if (!TemplateFilters.Names.Contains(name))
            {
                throw TemplateException.Unsupported(line, $"filter '{name}'");
            }

            filters.Add((name, Accept("(") ? Arguments() : ArgumentNodes.None));
        }

        return node => filters.Aggregate(node, (inner, filter) => new FilterNode(line, inner, filter.Name, filter.Arguments));
    }

    MacroNode Macro(int line)
    {
        var name = ExpectName();
        Expect("(");
        List<(string, TemplateNode?)> parameters = [];
        while (!Accept(")"))
        {
            var parameter = ExpectName();
            parameters.Add((parameter, Accept("=") ? Expression() : null));
            if (!Accept(","))
            {
                Expect(")");
                break;
            }
        }

        Close(TemplateTokenKind.StatementEnd);
        var outer = loops;
        loops = 0;
        var body = Body();
        loops = outer;
        EndTag("endmacro", line);
        return new(line, name, parameters, body);
    }

    // Marks what an assistant wrote, for training masks; renders as if it were not there.
    List<TemplateNode> Generation(int line)
    {
        Close(TemplateTokenKind.StatementEnd);
        var body = Body();
        EndTag("endgeneration", line);
        return body;
    }

    TemplateNode Jump(int line, string name, TemplateNode node)
    {
        Close(TemplateTokenKind.StatementEnd);
        return loops > 0 ? node : throw TemplateException.Syntax(line, $"{{% {name} %}}", "stands outside of a loop.");
    }
}
