using System.Text;

namespace DistillForge.Text;

/// <summary>One rendering: statements, output, and the functions that chat templates expect.</summary>
sealed partial class TemplateRun : TemplateEvaluator
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
}
