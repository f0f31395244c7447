using System.Text;

namespace DistillForge.Text;

/// <summary>One rendering: statements, output, and the functions that chat templates expect.</summary>
sealed class TemplateRun : TemplateEvaluator
{
    enum Flow
    {
        Next,
        Break,
        Continue,
    }

    StringBuilder output = new();
    int loops;

    TemplateRun(TemplateBudget budget)
        : base(budget)
    {
    }

    public static string Render(IReadOnlyList<TemplateNode> nodes, IEnumerable<KeyValuePair<string, object?>> values, TemplateLimits limits)
    {
        var run = new TemplateRun(new TemplateBudget(limits));
        run.AddFunctions();
        foreach (var (name, value) in values)
        {
            run.Scope[name] = value;
        }

        // The template's own names are its own: a macro may hide a function.
        run.Scope = new TemplateScope(run.Scope);
        run.Execute(nodes);
        return run.output.ToString();
    }

    protected override string Capture(IReadOnlyList<TemplateNode> body)
    {
        var outer = output;
        output = new StringBuilder();
        Execute(body);
        var text = output.ToString();
        output = outer;
        return text;
    }

    void AddFunctions()
    {
        Scope["raise_exception"] = new TemplateFunction("raise_exception", a => throw new TemplateException("template-refused", Budget.Line, "raise_exception", TemplateValues.Spell(a.Get(0, "message", ""), Budget)));
        Scope["range"] = new TemplateFunction("range", Range);
        Scope["dict"] = new TemplateFunction("dict", a =>
        {
            var map = new TemplateMap();
            foreach (var (name, value) in a.Named)
            {
                map[name] = value;
            }

            return map;
        });
        Scope["namespace"] = new TemplateFunction("namespace", a =>
        {
            var space = new TemplateNamespace();
            foreach (var (name, value) in (a.Get(0, "") as TemplateMap ?? []).Concat(a.Named))
            {
                space.Fields[name] = value;
            }

            return space;
        });
    }

    object? Range(TemplateArguments arguments)
    {
        var one = arguments.Positional.Count < 2;
        var (from, to, step) = (one ? 0 : arguments.Number(0, "start", 0), arguments.Number(one ? 0 : 1, "stop", 0), arguments.Number(2, "step", 1));
        if (step == 0)
        {
            throw Budget.Fail("range", "cannot have a step of 0.");
        }

        var list = new List<object?>();
        for (Int128 i = from; step > 0 ? i < to : i > to; i += step)
        {
            Budget.Step();
            list.Add((long)i);
        }

        return list;
    }

    Flow Execute(IReadOnlyList<TemplateNode> nodes)
    {
        using var _ = Budget.Enter();
        foreach (var node in nodes)
        {
            Budget.Step();
            Budget.Line = node.Line;
            if (Execute(node) is var flow and not Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    Flow Execute(TemplateNode node)
    {
        switch (node)
        {
            case TextNode text:
                Write(text.Text);
                break;
            case OutputNode value:
                Write(TemplateValues.Spell(Evaluate(value.Value), Budget));
                break;
            case IfNode branches:
                return If(branches);
            case ForNode loop:
                For(loop);
                break;
            case SetNode set:
                Set(set);
                break;
            case MacroNode macro:
                Scope[macro.Name] = Define(macro, Scope);
                break;
            case BreakNode:
                return Flow.Break;
            case ContinueNode:
                return Flow.Continue;
            default:
                throw new InvalidOperationException($"{node.GetType().Name} is no statement");
        }

        return Flow.Next;
    }

    void Write(string text)
    {
        Budget.Written(output.Length, text.Length);
        output.Append(text);
    }

    Flow If(IfNode node)
    {
        foreach (var (condition, body) in node.Branches)
        {
            if (TemplateValues.IsTrue(Evaluate(condition)))
            {
                return Execute(body);
            }
        }

        return Execute(node.Otherwise);
    }

    void For(ForNode node)
    {
        var outer = Scope;
        var items = TemplateLists.Of(Evaluate(node.Source), Budget);
        if (node.Filter is { } filter)
        {
            items = Budget.Made(items.Where(item =>
            {
                Scope = new TemplateScope(outer);
                Assign(node.Targets, item);
                return TemplateValues.IsTrue(Evaluate(filter));
            }));
        }

        loops++;
        for (var i = 0; i < items.Count; i++)
        {
            Budget.Step();
            Scope = new TemplateScope(outer) { ["loop"] = new TemplateLoop(items, i, loops - 1) };
            Assign(node.Targets, items[i]);
            if (Execute(node.Body) == Flow.Break)
            {
                break;
            }
        }

        loops--;
        Scope = outer;
        if (items.Count == 0)
        {
            Execute(node.Otherwise);
        }
    }

    void Set(SetNode node)
    {
        var value = Evaluate(node.Value);
        if (node.Field is not { } field)
        {
            Assign(node.Targets, value);
        }
        else if (Scope[node.Targets[0]] is TemplateNamespace space)
        {
            space.Fields[field] = value;
        }
        else
        {
            throw Budget.Fail($"{node.Targets[0]}.{field}", "can only be set on a namespace.");
        }
    }

    void Assign(IReadOnlyList<string> targets, object? value)
    {
        if (targets.Count == 1)
        {
            Scope[targets[0]] = value;
            return;
        }

        var items = TemplateLists.Of(value, Budget);
        if (items.Count != targets.Count)
        {
            throw Budget.Fail(string.Join(", ", targets), $"cannot take {items.Count} values.");
        }

        for (var i = 0; i < items.Count; i++)
        {
            Scope[targets[i]] = items[i];
        }
    }

    TemplateFunction Define(MacroNode macro, TemplateScope definedIn) => new(macro.Name, arguments =>
    {
        var caller = Scope;
        Scope = new TemplateScope(definedIn);
        for (var i = 0; i < macro.Parameters.Count; i++)
        {
            var (name, otherwise) = macro.Parameters[i];
            var given = arguments.Get(i, name, new Undefined(name));
            Scope[name] = given is Undefined && otherwise is not null ? Evaluate(otherwise) : given;
        }

        var text = Capture(macro.Body);
        Scope = caller;
        return text;
    });
}
