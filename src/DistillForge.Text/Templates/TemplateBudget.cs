namespace DistillForge.Text;

/// <summary>Counts what a template has used, and stops it: a hostile one may take no more than a long one does.</summary>
sealed class TemplateBudget(TemplateLimits limits)
{
    // One step pays for a node, or for this many characters or list items.
    const int CharactersPerStep = 16;

    long steps;
    int depth;

    /// <summary>Where we are, for errors.</summary>
    public int Line { get; set; } = 1;

    public int Depth => 4 * limits.Depth;

    public void Step(long count = 1)
    {
        steps += count;
        if (steps > limits.Steps)
        {
            throw TemplateException.Limit(Line, "the template", $"has taken more than {limits.Steps} steps.");
        }
    }

    /// <summary>Before a text of this length is made.</summary>
    public void Reserve(long length) => Written(0, length);

    /// <summary>Before a text is put at the end of another.</summary>
    public void Written(long before, long length)
    {
        if (before + length > limits.TextLength)
        {
            throw TemplateException.Limit(Line, "the template", $"has made a text of more than {limits.TextLength} characters.");
        }

        Step(length / CharactersPerStep);
    }

    /// <summary>Before one text is looked for in another, which takes the product of both lengths at worst.</summary>
    public void Search(string text, string part) => Step((long)text.Length / 64 * (1 + (part.Length / 64)));

    public string Made(string text)
    {
        Reserve(text.Length);
        return text;
    }

    public List<object?> Made(IEnumerable<object?> items)
    {
        var list = new List<object?>();
        foreach (var item in items)
        {
            Step();
            list.Add(item);
        }

        return list;
    }

    /// <summary>One level deeper until it is disposed of.</summary>
    public Level Enter()
    {
        Step();
        if (++depth > Depth)
        {
            throw TemplateException.Limit(Line, "the template", $"nests calls, values or operators more than {Depth} deep.");
        }

        return new Level(this);
    }

    public TemplateException Fail(string construct, string what) => new("template-error", Line, construct, what);

    public readonly ref struct Level(TemplateBudget budget)
    {
        public void Dispose() => budget.depth--;
    }
}
