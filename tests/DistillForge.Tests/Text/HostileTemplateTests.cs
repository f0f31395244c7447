using System.Diagnostics;
using DistillForge.Text;

namespace DistillForge.Tests;

public class HostileTemplateTests
{
    static string Many(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    public static TheoryData<string, string> Hostile => new()
    {
        { "parentheses", "{{ " + Many("(", 50_000) + "1" + Many(")", 50_000) + " }}" },
        { "lists", "{{ " + Many("[", 50_000) + Many("]", 50_000) + " }}" },
        { "mappings", "{{ " + Many("{'a':", 20_000) + "1" + Many("}", 20_000) + " }}" },
        { "statements", Many("{% if true %}", 15_000) },
        { "negations", "{{ " + Many("not ", 50_000) + "1 }}" },
        { "signs", "{{ " + Many("-", 100_000) + "1 }}" },
        { "a long sum", "{{ 1" + Many("+1", 100_000) + " }}" },
        { "a long pipe", "{{ 'a'" + Many("|trim", 50_000) + " }}" },
        { "inline ifs", "{{ " + Many("1 if 1 else ", 20_000) + "1 }}" },
        { "a large source", Many("a", 1 << 19) },
        { "a large range", "{% for i in range(1000000000) %}{% endfor %}" },
        { "a large range counted down", "{{ range(9000000000000000000, -9000000000000000000, -1) | length }}" },
        { "nested loops", Many("{% for i in range(1000) %}", 6) + "x" + Many("{% endfor %}", 6) },
        { "doubling text", "{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(100) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}" },
        { "doubling lists", "{% set ns = namespace(t=[1]) %}{% for i in range(100) %}{% set ns.t = ns.t + ns.t %}{% endfor %}" },
        { "doubling by replacement", "{% set ns = namespace(t='xx') %}{% for i in range(100) %}{% set ns.t = ns.t.replace('x', 'xx') %}{% endfor %}" },
        { "doubling by join", "{% set ns = namespace(t='xx') %}{% for i in range(100) %}{% set ns.t = [ns.t, ns.t] | join(ns.t) %}{% endfor %}" },
        { "multiplied text", "{{ 'a' * 1000000000000 }}" },
        { "shared lists printed", "{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t }}" },
        { "shared lists as JSON", "{% set ns = namespace(t=[1]) %}{% for i in range(60) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t | tojson }}" },
        { "shared lists compared", "{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}" },
        { "deep lists", "{% set ns = namespace(t=[1]) %}{% for i in range(100000) %}{% set ns.t = [ns.t] %}{% endfor %}{{ ns.t | tojson }}" },
        { "a macro that calls itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}" },
        { "two macros that call each other", "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}" },
        { "a large power", "{{ 10 ** 1000000000 }}" },
        { "the smallest number divided", "{{ (-9223372036854775807 - 1) // -1 }}" },
        { "the smallest number's remainder", "{{ 1 % 0 }}" },
        { "a slow search", "{% set a = 'a' * 1000000 %}{% set b = 'a' * 500000 + 'b' %}{% for i in range(1000) %}{% if b in a %}{% endif %}{% endfor %}" },
        { "large indents", "{% set ns = namespace(t='\n' * 100000) %}{% for i in range(1000) %}{% set ns.t = ns.t | indent(64, true, true) %}{% endfor %}" },
        { "endless output", "{% for i in range(100000) %}{% for j in range(100000) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_template_ends_soon_with_an_error(string what, string source)
    {
        var watch = Stopwatch.StartNew();

        // A small stack, as a thread of a pool may have.
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => ChatTemplate.Parse(source).Render([Message.User("hi")], addGenerationPrompt: true)), maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();

        Assert.True(error is TemplateException, $"{what}: {error}");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }
}
