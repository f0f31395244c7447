using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Tests;

public class ChatTemplateTests
{
    const string ChatMl = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    const string Llama3 = "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

    const string Zephyr = """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>
        ' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>
        ' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>
        '  + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """;

    static readonly Message[] Talk = [Message.System("Be brief."), Message.User(" Hi "), Message.Assistant("Hello."), Message.User("Dim it.")];

    [Fact]
    public void ChatMl_renders_as_its_models_were_trained()
        => Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nDim it.<|im_end|>\n<|im_start|>assistant\n",
            ChatTemplate.Parse(ChatMl).Render(Talk, addGenerationPrompt: true));

    [Fact]
    public void Llama3_trims_contents_and_begins_with_bos()
        => Assert.Equal(
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nDim it.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            ChatTemplate.Parse(Llama3).Render(Talk, addGenerationPrompt: true, bos: "<|begin_of_text|>"));

    [Fact]
    public void Zephyr_keeps_the_line_ends_that_trim_blocks_leaves()
        => Assert.Equal(
            "<|system|>\nBe brief.</s>\n<|user|>\n Hi </s>\n<|assistant|>\nHello.</s>\n<|user|>\nDim it.</s>\n<|assistant|>\n",
            ChatTemplate.Parse(Zephyr).Render(Talk, addGenerationPrompt: true, bos: "<s>", eos: "</s>"));

    [Fact]
    public void Our_own_template_marks_every_turn()
        => Assert.Equal(
            "<|system|>Be brief.<|end|><|user|> Hi <|end|><|assistant|>Hello.<|end|><|user|>Dim it.<|end|><|assistant|>",
            ChatTemplate.Parse(BpeTrainer.Template).Render(Talk, addGenerationPrompt: true));

    [SharedFact("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")]
    public void The_cardputer_template_renders_its_documented_format()
    {
        using var file = GgufFile.Open(SharedFiles.PathOf("models", "cardputer-chat-3m", "cardputer-chat-3m-q8_0.gguf"));
        var template = ChatTemplate.Parse(Vocabulary.FromGguf(file).ChatTemplate!);

        Assert.Equal("User: Hi there\nBot: Hello.<|endoftext|>\nUser: Bye\nBot:", template.Render([Message.User("Hi there"), Message.Assistant("Hello."), Message.User("Bye")], addGenerationPrompt: true));
    }

    // Where llama.cpp and Python differ, the student is asked by llama.cpp: hard spaces stay, a mapping may have numbers as keys, tools are not there.
    [Theory]
    [InlineData("{{ '\u00a0 a \u00a0' | trim }}|{{ '\t a\n'.strip() }}", "\u00a0 a \u00a0|a")]
    [InlineData("{% set steps = {512: 'b', 0: 'a'} %}{% for k, v in steps | dictsort %}{{ k + 1 }}{{ v }} {% endfor %}{{ steps[512] }}{{ steps.get(7, 'none') }}{{ 0 in steps }} {{ steps }}", "1a 513b bnoneTrue {512: 'b', 0: 'a'}")]
    [InlineData("{{ tools is defined }} {% for tool in tools %}x{% endfor %}{{ 'a' + tools }}", "False a")]
    [InlineData("{{ '<{}|{1}|{name}|{{}}>'.format('a', 2, name='c') }}", "<a|2|c|{}>")]
    [InlineData("{% set args = '{\"a\": [1, 2.5, null, true]}' | from_json %}{{ args.a[0] }} {{ args.a[1] }} {{ args.a[2] is none }} {{ args.a[3] }}", "1 2.5 True True")]
    public void Renders_as_llama_cpp_does(string template, string expected) => Assert.Equal(expected, ChatTemplate.Parse(template).Render([], addGenerationPrompt: false));

    [Fact]
    public void The_date_is_the_days_that_a_run_began_on()
    {
        var before = ChatTemplate.Day;
        ChatTemplate.Day = new DateTimeOffset(2026, 3, 9, 0, 0, 0, TimeSpan.Zero);
        try
        {
            Assert.Equal("09 Mar 2026 | March 9, 2026 | Monday 26 %", ChatTemplate.Parse("{{ strftime_now('%d %b %Y') }} | {{ strftime_now('%B') }} {{ strftime_now('%e').strip() }}, {{ strftime_now('%Y') }} | {{ strftime_now('%A %y %%') }}").Render([], addGenerationPrompt: false));
        }
        finally
        {
            ChatTemplate.Day = before;
        }
    }

    [Theory]
    [InlineData("{{ '{' | string }}{{ '{a.b}'.format(a=1) }}", "plain fields")]
    [InlineData("{{ '{}{}'.format(1) }}", "no value for field 1")]
    [InlineData("{{ '{' .format(1) }}", "without its other half")]
    [InlineData("{{ '{\"a\": ' | from_json }}", "cannot read it")]
    [InlineData("{{ strftime_now('%Q') }}", "does not know '%Q'")]
    public void What_cannot_be_done_is_said(string template, string expected)
        => Assert.Contains(expected, Assert.Throws<TemplateException>(() => ChatTemplate.Parse(template).Render([], addGenerationPrompt: false)).Message, StringComparison.Ordinal);

    // Each expected text was made with jinja2 3.1.6, trim_blocks and lstrip_blocks on.
    [Theory]
    [InlineData("{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 7 / 2 }} {{ 1 + 1.5 }} {{ 4 / 2 }}", "3 -4 2 1024 3.5 2.5 2.0")]
    [InlineData("{{ 'a' ~ 1 ~ none ~ true }} {{ 'ab' * 2 }} {{ [1, 'x'] + [2] }} {{ {'k': 'v'} }}", "a1NoneTrue abab [1, 'x', 2] {'k': 'v'}")]
    [InlineData("{{ 'hello'[1:3] }} {{ 'hello'[-2:] }} {{ [1,2,3][::-1] }} {{ [1,2,3][-1] }} {{ 'hello'[0] }}", "el lo [3, 2, 1] 3 h")]
    [InlineData("{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 'a' in 'cat' }} {{ 1 not in [2] }} {{ not 1 == 2 }}", "True False True True True")]
    [InlineData("{{ x is defined }} {{ none is none }} {{ 'a' is string }} {{ {} is mapping }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 1 is not string }}", "False True True True True True True")]
    [InlineData("{{ x | default('d') }} {{ '' | default('d', true) }} {{ ' a ' | trim }} {{ 'aB' | upper }} {{ 'aB' | lower }} {{ [1,2] | length }} {{ [1,2] | join('-') }}", "d d a AB ab 2 1-2")]
    [InlineData("{{ {'a': [1, 'é\"\\n'], 'b': none} | tojson }}", "{\"a\": [1, \"é\\\"\\n\"], \"b\": null}")]
    [InlineData("{{ {'a': [1], 'b': {}} | tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")]
    [InlineData("{% set ns = namespace(n=0) %}{% for i in range(4) %}{% if i == 2 %}{% continue %}{% endif %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "4")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ loop.index }}{{ k }}={{ v }}{{ ',' if not loop.last }}{% endfor %}", "1a=1,2b=2")]
    [InlineData("{% for x in [] %}x{% else %}none{% endfor %}{% for x in [1,2,3] if x > 1 %}{{ x }}/{{ loop.length }} {% endfor %}", "none2/2 3/2 ")]
    [InlineData("{% macro say(a, b='!') %}<{{ a }}{{ b }}>{% endmacro %}{{ say('x') }}{{ say('y', b='?') }}", "<x!><y?>")]
    [InlineData("{% set x %}a{{ 1 }}{% endset %}{{ x | upper }}{% filter upper %}b{% endfilter %}", "A1B")]
    [InlineData("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}", "1")]
    [InlineData("a {%- if true %} b {%- endif %} c {{- 'd' -}} e", "a b cde")]
    [InlineData("x\n  {% if true %}\n  y\n  {% endif %}\nz\n", "x\n  y\nz")]
    [InlineData("a {# note #} b\n{# gone #}\nc", "a  b\nc")]
    [InlineData("{% raw %}{{ not this }}{% endraw %} {{ '{{' }}", "{{ not this }} {{")]
    [InlineData("{{ 'a,b'.split(',') }} {{ 'xay'.replace('a', 'b') }} {{ 'abc'.startswith('ab') }} {{ ' a'.strip() }} {{ 'a-b-c'.split('-')[-1] }}", "['a', 'b'] xby True a c")]
    [InlineData("{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join('|') }}", " Hi |Dim it.")]
    [InlineData("{{ messages[0].content if messages[0].role == 'system' else 'none' }}", "Be brief.")]
    [InlineData("{{ (1, 2)[0] }} {{ 'a' if false }}{{ undefined_name }}", "1 ")]
    public void The_subset_renders_as_jinja_does(string source, string expected)
        => Assert.Equal(expected, ChatTemplate.Parse(source).Render(Talk, addGenerationPrompt: false));

    [Theory]
    [InlineData("a\n{% include 'x' %}", "{% include %}", 2)]
    [InlineData("{% extends 'x' %}", "{% extends %}", 1)]
    [InlineData("{% call f() %}{% endcall %}", "{% call %}", 1)]
    [InlineData("\n\n{{ x | pprint }}", "filter 'pprint'", 3)]
    [InlineData("{{ x is escaped }}", "test 'escaped'", 1)]
    [InlineData("{% for a in b recursive %}{% endfor %}", "{% for … recursive %}", 1)]
    public void What_is_not_supported_is_named_with_its_line(string source, string construct, int line)
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source));

        Assert.Equal(("template-unsupported", line), (error.Code, error.Line));
        Assert.Contains(construct, error.Message);
    }

    [Theory]
    [InlineData("{% if x %}a", "{% if %}")]
    [InlineData("{{ 1 + }}", "}}")]
    [InlineData("{{ 'a }}", "'")]
    [InlineData("a {# b", "{#")]
    [InlineData("{% endfor %}", "endfor")]
    [InlineData("{{ a b }}", "b")]
    [InlineData("{{ 99999999999999999999 }}", "99999999999999999999")]
    [InlineData("{% break %}", "{% break %}")]
    [InlineData("{{", "{{")]
    public void What_is_no_template_is_refused(string source, string construct)
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source));

        Assert.Equal("template-syntax", error.Code);
        Assert.Contains(construct, error.Message);
    }

    [Fact]
    public void A_template_may_refuse_a_conversation_in_its_own_words()
    {
        var error = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(BpeTrainer.Template).Render([new Message("tool", "x")], addGenerationPrompt: true));

        Assert.Equal("template-refused", error.Code);
        Assert.Contains("unknown role: tool", error.Message);
    }

    [Fact]
    public void The_fingerprint_is_the_hash_of_the_source()
        => Assert.Equal(Sha256.OfText(ChatMl), ChatTemplate.Parse(ChatMl).Fingerprint);
}
