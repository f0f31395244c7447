namespace DistillForge.Text;

// What a template can call: the functions that chat templates expect, and its own macros.
sealed partial class TemplateRun
{
    void AddFunctions()
    {
        Scope["raise_exception"] = new TemplateFunction("raise_exception", a => throw new TemplateException("template-refused", Budget.Line, "raise_exception", TemplateValues.Spell(a.Get(0, "message", ""), Budget)));
        Scope["strftime_now"] = new TemplateFunction("strftime_now", a => TemplateFormat.Day(ChatTemplate.Day ?? TimeProvider.System.GetUtcNow(), a.Text(0, "format") ?? throw Budget.Fail("strftime_now", "needs a format."), Budget));
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
