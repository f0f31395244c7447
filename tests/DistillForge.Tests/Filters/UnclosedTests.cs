using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class UnclosedTests
{
    [Theory]
    [InlineData("Plain text (with an open bracket", null)]
    [InlineData("```python\nprint(1)\n```\nDone.", null)]
    [InlineData("```python\nprint(1)", "unclosed-fence")]
    [InlineData("```python\nprint(1)\n````\n", null)]
    [InlineData("````md\n```\ninner\n```\n", "unclosed-fence")]
    [InlineData("~~~\ncode\n```\n", "unclosed-fence")]
    [InlineData("Use ```code``` inline.", null)]
    [InlineData("``` `` ```", null)]
    [InlineData("1. First:\n   ```js\n   f()\n   ```\n2. Then", null)]
    [InlineData("{\"a\": [1, 2]}", null)]
    [InlineData("{\"a\": [1, 2", "unclosed-json")]
    [InlineData("{\"a\": \"tex", "unclosed-json")]
    [InlineData("{\"a\": \"}\"", "unclosed-json")]
    [InlineData("[{\"a\": 1}, {\"a\": 2}", "unclosed-json")]
    [InlineData("[Note] nothing is open", null)]
    [InlineData("[see", null)]
    [InlineData("{name}, hello {", null)]
    [InlineData("```json\n{\"a\": 1\n```", "unclosed-json")]
    [InlineData("```json\n{\"a\": \"```\"}\n```", null)]
    [InlineData("```python\nprint((1)\n```", null)]
    public void Drops_what_was_opened_and_never_closed(string text, string? dropped)
        => Assert.Equal(dropped, new Unclosed(new()).Judge(Some.Example(text)).Reason?.Code);

    [Theory]
    [InlineData("```python\nprint((1)\n```", "unclosed-bracket")]
    [InlineData("```c\nint main() { return 0; }\n```", null)]
    [InlineData("```c\nint main() { return 0; /* } */\n```", "unclosed-bracket")]
    [InlineData("```python\nprint('(')  # (\n```", null)]
    [InlineData("```python\n\"\"\" ( \"\"\"\nx = [1]\n```", null)]
    [InlineData("```js\nconst s = `(${x}`;\n```", null)]
    [InlineData("```rust\nfn f<'a>(x: &'a str) -> usize { x.len() }\n```", null)]
    [InlineData("```\nsee (\n```", null)]
    [InlineData("```text\nsee (\n```", null)]
    [InlineData("```sql\nselect f(x -- (\n);\n```", null)]
    public void Drops_code_whose_brackets_do_not_close_when_asked(string text, string? dropped)
        => Assert.Equal(dropped, new Unclosed(new(Code: true)).Judge(Some.Example(text)).Reason?.Code);

    [Fact]
    public void Says_which_bracket()
        => Assert.Equal("'{' of the JSON at characters 1..2 is never closed", new Unclosed(new()).Judge(Some.Example(" {\"a\": [1, 2]")).Reason?.Detail);
}
