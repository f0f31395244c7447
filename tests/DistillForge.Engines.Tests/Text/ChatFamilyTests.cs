using System.Runtime.InteropServices;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Text;

/// <summary>The common families' formats, written by us as templates, beside the formats that llama.cpp has built in.</summary>
public partial class ChatFamilyTests
{
    const string Chat = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    // Turns between [INST] and its end; the system's words come first in the first of them.
    static string Inst(string before, string after, string end, string answer)
        => $$$"""{%- set ns = namespace(open=false) -%}{%- for m in messages -%}{%- if not ns.open -%}{{ '{{{before}}}' }}{%- set ns.open = true -%}{%- endif -%}{%- if m.role == 'system' -%}{{ m.content + '\n\n' }}{%- elif m.role == 'user' -%}{{ m.content + '{{{after}}}' }}{%- else -%}{{ '{{{answer}}}' + m.content{{{end}}} + '</s>' }}{%- set ns.open = false -%}{%- endif -%}{%- endfor -%}""";

    static string Llama2(string systemOpen, string systemClose, string content)
        => $$$"""{%- set ns = namespace(open=true) -%}{{ '[INST] ' }}{%- for m in messages -%}{%- set content = {{{content}}} -%}{%- if not ns.open -%}{{ '[INST] ' }}{%- set ns.open = true -%}{%- endif -%}{%- if m.role == 'system' -%}{{ '{{{systemOpen}}}' + content + '{{{systemClose}}}' }}{%- elif m.role == 'user' -%}{{ content + ' [/INST]' }}{%- else -%}{{ content + '</s>' }}{%- set ns.open = false -%}{%- endif -%}{%- endfor -%}""";

    public static TheoryData<string, string> Families => new()
    {
        { "chatml", Chat },
        { "llama2", Llama2("", "\\n", "m.content") },
        { "llama2-sys", Llama2("<<SYS>>\\n", "\\n<</SYS>>\\n\\n", "m.content") },
        { "llama2-sys-strip", Llama2("<<SYS>>\\n", "\\n<</SYS>>\\n\\n", "m.content | trim") },
        { "llama3", "{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}" },
        { "mistral-v1", Inst(" [INST] ", " [/INST]", "", " ") },
        { "mistral-v3", Inst("[INST] ", "[/INST]", ".strip()", " ") },
        { "mistral-v3-tekken", Inst("[INST]", "[/INST]", "", "") },
        { "mistral-v7", "{% for m in messages %}{% if m.role == 'system' %}{{ '[SYSTEM_PROMPT] ' ~ m.content ~ '[/SYSTEM_PROMPT]' }}{% elif m.role == 'user' %}{{ '[INST] ' ~ m.content ~ '[/INST]' }}{% else %}{{ ' ' ~ m.content ~ '</s>' }}{% endif %}{% endfor %}" },
        { "gemma", "{%- set ns = namespace(system='') -%}{%- for m in messages -%}{%- if m.role == 'system' -%}{%- set ns.system = ns.system + m.content | trim -%}{%- else -%}{%- set role = 'model' if m.role == 'assistant' else m.role -%}{{ '<start_of_turn>' + role + '\\n' }}{%- if ns.system and role != 'model' -%}{{ ns.system + '\\n\\n' }}{%- set ns.system = '' -%}{%- endif -%}{{ m.content | trim + '<end_of_turn>\\n' }}{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}" },
        { "phi3", "{% for m in messages %}{{ '<|' ~ m.role ~ '|>\\n' ~ m.content ~ '<|end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}" },
        { "phi4", "{% for m in messages %}{{ '<|im_start|>' + m.role + '<|im_sep|>' + m.content + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}" },
        { "deepseek", "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}{{ '### Instruction:\\n' + m.content + '\\n' }}{% else %}{{ '### Response:\\n' + m.content + '\\n<|EOT|>\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}" },
        { "deepseek2", "{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\\n\\n' }}{% elif m.role == 'user' %}{{ 'User: ' + m.content + '\\n\\n' }}{% else %}{{ 'Assistant: ' + m.content + '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}" },
        { "deepseek3", "{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\\n\\n' }}{% elif m.role == 'user' %}{{ '<｜User｜>' + m.content }}{% else %}{{ '<｜Assistant｜>' + m.content + '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}" },
        { "zephyr", "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|endoftext|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}" },
        { "command-r", "{% set names = {'system': 'SYSTEM', 'user': 'USER', 'assistant': 'CHATBOT'} %}{% for m in messages %}{{ '<|START_OF_TURN_TOKEN|><|' + names[m.role] + '_TOKEN|>' + m.content | trim + '<|END_OF_TURN_TOKEN|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}" },
        { "vicuna", "{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\\n\\n' }}{% else %}{{ m.role | upper + ': ' + m.content + ('\\n' if m.role == 'user' else '</s>\\n') }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void A_hundred_conversations_read_as_in_llama_cpp(string family, string template)
    {
        var ours = ChatTemplate.Parse(template);
        foreach (var talk in Talks.Of(100))
        {
            Assert.Equal(LlamaCpp(family, talk), ours.Render(talk, addGenerationPrompt: talk[^1].Role == "user"));
        }
    }

    static string LlamaCpp(string family, Message[] talk)
    {
        var texts = new List<nint>();
        nint Text(string text)
        {
            texts.Add(Marshal.StringToCoTaskMemUTF8(text));
            return texts[^1];
        }

        try
        {
            var messages = Array.ConvertAll(talk, message => new ChatMessage(Text(message.Role), Text(message.Content)));
            var buffer = new byte[1 << 16];
            var length = llama_chat_apply_template(family, messages, (nuint)messages.Length, talk[^1].Role == "user", buffer, buffer.Length);
            Assert.InRange(length, 1, buffer.Length);
            return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
        }
        finally
        {
            texts.ForEach(Marshal.FreeCoTaskMem);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    readonly record struct ChatMessage(nint Role, nint Content);

    static ChatFamilyTests()
        => NativeLibrary.SetDllImportResolver(typeof(ChatFamilyTests).Assembly, (name, _, _) => name == "llama-chat" ? NativeLibrary.Load(Path.Combine(EngineLibraries, "libllama.v0.5.0.so")) : 0);

    static string EngineLibraries => DistillForge.Llama.Engine.DefaultFolder;

    [LibraryImport("llama-chat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int llama_chat_apply_template(string template, [In] ChatMessage[] chat, nuint count, [MarshalAs(UnmanagedType.U1)] bool addAssistant, [Out] byte[] buffer, int length);
}
