namespace DistillForge.Data.Prompts;

/// <summary>Whole numbers as one says them.</summary>
static class NumberWords
{
    static readonly string[] Small =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    static readonly string[] Tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    /// <param name="number">0 … 999,999.</param>
    /// <param name="joint">Between tens and ones: a space or a hyphen.</param>
    public static string Say(int number, string joint = " ") => number switch
    {
        < 20 => Small[number],
        < 100 => Tens[number / 10] + (number % 10 > 0 ? joint + Small[number % 10] : ""),
        < 1000 => Small[number / 100] + " hundred" + (number % 100 > 0 ? " and " + Say(number % 100, joint) : ""),
        _ => Say(number / 1000, joint) + " thousand" + (number % 1000 > 0 ? " " + Say(number % 1000, joint) : ""),
    };
}
