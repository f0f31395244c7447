namespace DistillForge.Text;

/// <summary>Values of expressions.</summary>
class TemplateEvaluator(TemplateBudget budget)
{
    protected TemplateBudget Budget { get; } = budget;

    protected TemplateScope Scope { get; set; } = new(null);

    protected object? Evaluate(TemplateNode node)
    {
        using var _ = Budget.Enter();
        Budget.Line = node.Line;
        return node switch
        {
            LiteralNode literal => literal.Value,
            NameNode name => Scope[name.Name],
            AttributeNode attribute => Attribute(Evaluate(attribute.Target), attribute.Name, methodsFirst: true),
            IndexNode index => Index(Evaluate(index.Target), Evaluate(index.Index)),
            SliceNode slice => Slice(slice),
            CallNode call => Call(Evaluate(call.Target), Arguments(call.Arguments)),
            FilterNode filter => At(filter.Line, TemplateFilters.Apply, filter.Name, Evaluate(filter.Target), Arguments(filter.Arguments)),
            TestNode test => At(test.Line, TemplateTests.Apply, test.Name, Evaluate(test.Target), Arguments(test.Arguments)) != test.Negated,
            UnaryNode unary => TemplateMath.Unary(unary.Operator, Evaluate(unary.Operand), Budget),
            BinaryNode binary => Binary(binary),
            CompareNode compare => Compare(compare),
            ConditionNode condition => Condition(condition),
            ListNode list => list.Items.Select(Evaluate).ToList(),
            MapNode map => Map(map),
            CaptureNode capture => Capture(capture.Body),
            _ => throw new InvalidOperationException($"{node.GetType().Name} is no expression"),
        };
    }

    protected virtual string Capture(IReadOnlyList<TemplateNode> body) => throw new InvalidOperationException("only a run can capture");

    T At<T>(int line, Func<string, object?, TemplateArguments, TemplateBudget, T> apply, string name, object? value, TemplateArguments arguments)
    {
        Budget.Line = line;
        return apply(name, value, arguments, Budget);
    }

    object? Binary(BinaryNode node)
    {
        var left = Evaluate(node.Left);
        switch (node.Operator)
        {
            case "and": return TemplateValues.IsTrue(left) ? Evaluate(node.Right) : left;
            case "or": return TemplateValues.IsTrue(left) ? left : Evaluate(node.Right);
        }

        var right = Evaluate(node.Right);
        Budget.Line = node.Line;
        return TemplateMath.Binary(node.Operator, left, right, Budget);
    }

    bool Compare(CompareNode node)
    {
        var left = Evaluate(node.First);
        foreach (var (op, next) in node.Rest)
        {
            var right = Evaluate(next);
            if (!TemplateMath.Compare(op, left, right, Budget))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    object? Condition(ConditionNode node)
        => TemplateValues.IsTrue(Evaluate(node.Condition)) ? Evaluate(node.Then)
            : node.Otherwise is { } otherwise ? Evaluate(otherwise)
            : new Undefined("the other case of an inline if");

    TemplateMap Map(MapNode node)
    {
        var map = new TemplateMap();
        foreach (var (key, value) in node.Items)
        {
            switch (Evaluate(key))
            {
                case string text:
                    map[text] = Evaluate(value);
                    break;
                case long number:
                    map.Set(number, Evaluate(value));
                    break;
                case var other:
                    throw Budget.Fail("{…}", $"cannot have {TemplateMath.Kind(other)} as a key.");
            }
        }

        return map;
    }

    protected TemplateArguments Arguments(ArgumentNodes nodes)
        => nodes == ArgumentNodes.None
            ? TemplateArguments.None
            : new([.. nodes.Positional.Select(Evaluate)], nodes.Named.DistinctBy(named => named.Name).ToDictionary(named => named.Name, named => Evaluate(named.Value)));

    object? Call(object? target, TemplateArguments arguments)
    {
        using var _ = Budget.Enter();
        return target is TemplateFunction function
            ? function.Call(arguments)
            : throw Budget.Fail("a call", $"needs a function, not {TemplateMath.Kind(target)}.");
    }

    // a.b finds a method before a key, a['b'] a key before a method: as in Jinja.
    object? Attribute(object? target, string name, bool methodsFirst)
    {
        object? Method() => (target switch
        {
            string text => TemplateTexts.Method(text, name, Budget),
            TemplateMap map => TemplateLists.Method(map, name, Budget),
            _ => null,
        }) is { } call ? new TemplateFunction(name, call) : null;
        switch (target)
        {
            case Undefined undefined:
                throw Budget.Fail($"'{undefined.Name}'", $"is undefined, so it has no '{name}'.");
            case TemplateNamespace space:
                return space.Fields.TryGetValue(name, out var field) ? field : new Undefined(name);
            case TemplateLoop loop:
                return loop[name];
            case TemplateMap map:
                return methodsFirst && Method() is { } method ? method : map.TryGetValue(name, out var value) ? value : Method() ?? new Undefined(name);
            default:
                return Method() ?? new Undefined(name);
        }
    }

    object? Index(object? target, object? index)
    {
        switch (target, index)
        {
            case (_, string name):
                return Attribute(target, name, methodsFirst: false);
            case (List<object?> list, long at):
                var place = at < 0 ? at + list.Count : at;
                return place >= 0 && place < list.Count ? list[(int)place] : new Undefined($"[{at}]");
            case (TemplateMap map, long key):
                return map.TryGetValue(key, out var entry) ? entry : new Undefined($"[{key}]");
            case (string text, long):
                var letters = TemplateLists.Of(text, Budget);
                return Index(letters, index);
            case (Undefined undefined, _):
                throw Budget.Fail($"'{undefined.Name}'", "is undefined, so it has no items.");
            default:
                return new Undefined("[…]");
        }
    }

    // Python's slice.indices().
    object? Slice(SliceNode node)
    {
        var target = Evaluate(node.Target);
        var items = TemplateLists.Of(target, Budget);
        long? Part(TemplateNode? part) => part is null ? null : Evaluate(part) switch
        {
            null => null,
            long number => Math.Clamp(number, -int.MaxValue, int.MaxValue),
            var other => throw Budget.Fail("[:]", $"cannot take {TemplateMath.Kind(other)}."),
        };
        var (from, to, step) = (Part(node.From), Part(node.To), Part(node.Step) ?? 1);
        if (step == 0)
        {
            throw Budget.Fail("[:]", "cannot have a step of 0.");
        }

        var (lowest, highest) = step > 0 ? (0L, (long)items.Count) : (-1L, items.Count - 1L);
        long Place(long? part, long otherwise) => part is { } place ? Math.Clamp(place < 0 ? place + items.Count : place, lowest, highest) : otherwise;
        var (at, end) = (Place(from, step > 0 ? lowest : highest), Place(to, step > 0 ? highest : lowest));
        var result = new List<object?>();
        for (; step > 0 ? at < end : at > end; at += step)
        {
            Budget.Step();
            result.Add(items[(int)at]);
        }

        return target is string ? string.Concat(result) : result;
    }
}
