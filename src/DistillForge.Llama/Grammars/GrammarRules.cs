using System.Text;

namespace DistillForge.Llama.Grammars;

/// <summary>The rules of a GBNF grammar as they are collected.</summary>
sealed class GrammarRules
{
    const int MostRules = 4_000;
    const int LongestGrammar = 1 << 20;

    // Rules that JSON itself needs; written only where they are used.
    static readonly Dictionary<string, (string Body, string[] Uses)> Json = new(StringComparer.Ordinal)
    {
        ["ws"] = ("""| " " | "\n" [ \t]{0,20}""", []),
        ["char"] = ("""[^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})""", []),
        ["string"] = ("""
            "\"" char* "\""
            """, ["char"]),
        ["integer"] = ("""
            "-"? ("0" | [1-9] [0-9]{0,17})
            """, []),
        ["number"] = ("""integer ("." [0-9]{1,17})? ([eE] [-+]? [0-9]{1,3})?""", ["integer"]),
        ["boolean"] = ("""
            "true" | "false"
            """, []),
        ["null"] = ("\"null\"", []),
        ["object"] = ("""
            "{" ws (string ws ":" ws value (ws "," ws string ws ":" ws value)*)? ws "}"
            """, ["ws", "string", "value"]),
        ["array"] = ("""
            "[" ws (value (ws "," ws value)*)? ws "]"
            """, ["ws", "value"]),
        ["value"] = ("object | array | string | number | boolean | null", ["object", "array", "string", "number", "boolean", "null"]),
        ["digits2"] = ("[0-9]{2}", []),
        ["date"] = ("""[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])""", []),
        ["time"] = ("""([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})? ("Z" | [-+] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])""", []),
        ["uuid"] = ("""[0-9a-f]{8} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{12}""", []),
    };

    readonly SortedDictionary<string, string> rules = new(StringComparer.Ordinal);
    int last;
    int size;

    /// <summary>A rule of JSON itself, with those that it uses.</summary>
    /// <returns>Its name.</returns>
    public string Of(string name)
    {
        if (!rules.ContainsKey(name))
        {
            var (body, uses) = Json[name];
            Set(name, body);
            foreach (var used in uses)
            {
                Of(used);
            }
        }

        return name;
    }

    /// <summary>A name that no other rule has.</summary>
    public string NewName() => $"r{++last}";

    public string Add(string body)
    {
        var name = NewName();
        Set(name, body);
        return name;
    }

    public void Set(string name, string body)
    {
        size += name.Length + body.Length;
        if (rules.Count == MostRules || size > LongestGrammar)
        {
            throw JsonSchemaGrammar.Unfit("", $"needs more than {MostRules} rules or {LongestGrammar} characters of grammar.", "Make it smaller.");
        }

        rules[name] = body;
    }

    /// <summary>Text as it is, in quotes.</summary>
    public static string Literal(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            quoted.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => letter.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    public string Write(string root)
    {
        var text = new StringBuilder($"root ::= {root}\n");
        foreach (var (name, body) in rules)
        {
            text.Append(name).Append(" ::= ").Append(body).Append('\n');
        }

        return text.ToString();
    }
}
