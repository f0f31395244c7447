using DistillForge.Models;
using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

public sealed class TeacherEmbeddingTests
{
    const int Rows = 1024;

    static readonly string Teacher = Path.Combine(Home.Root, "models", "home-teacher.gguf");

    [Fact]
    public void As_wide_as_the_teacher_every_product_of_two_rows_is_the_teacher_s_times_one_number()
        => Assert.InRange(Agreement(TeacherEmbedding.Project(Teacher, Rows, width: 256, seed: 1), 256), 0.99999, 1.00001);

    [Fact]
    public void Narrower_it_keeps_most_of_which_words_are_alike()
    {
        double Lost(int width) => 1 - Agreement(TeacherEmbedding.Project(Teacher, Rows, width, seed: 1), width);

        Assert.InRange(Lost(96), 0, 0.1);
        Assert.InRange(Lost(96) / Lost(8), 0, 0.5);
    }

    [Fact]
    public void It_is_as_large_as_a_fresh_embedding_and_every_dimension_carries_a_share()
    {
        var numbers = TeacherEmbedding.Project(Teacher, Rows, width: 64, seed: 3);
        var squares = Enumerable.Range(0, 64).Select(column => Enumerable.Range(0, Rows).Sum(row => (double)numbers[row * 64 + column] * numbers[row * 64 + column])).ToArray();

        Assert.Equal(1.0 / 64, squares.Sum() / numbers.Length, 1e-5);
        Assert.InRange(squares.Max() / squares.Min(), 1, 20);
    }

    [Fact]
    public void The_same_seed_gives_the_same_numbers()
    {
        Assert.Equal(TeacherEmbedding.Project(Teacher, Rows, 16, seed: 5), TeacherEmbedding.Project(Teacher, Rows, 16, seed: 5));
        Assert.NotEqual(TeacherEmbedding.Project(Teacher, Rows, 16, seed: 5), TeacherEmbedding.Project(Teacher, Rows, 16, seed: 6));
    }

    [Theory]
    [InlineData(Rows, 257)]
    [InlineData(Rows + 1, 96)]
    public void A_student_that_is_wider_or_knows_more_words_is_refused(int rows, int width)
        => Assert.Contains("student.embeddings", Assert.Throws<ForgeException>(() => TeacherEmbedding.Project(Teacher, rows, width, seed: 1)).Message, StringComparison.Ordinal);

    // Correlation, through the origin, of the products of 200 pairs of rows.
    static double Agreement(float[] projected, int width)
    {
        using var file = GgufFile.Open(Teacher);
        var whole = file.Floats(file.Tensor("token_embd.weight"));
        var random = new Random(9);
        var (ab, aa, bb) = (0.0, 0.0, 0.0);
        for (var i = 0; i < 200; i++)
        {
            var (one, two) = (random.Next(Rows), random.Next(Rows));
            var (a, b) = (Product(whole, 256, one, two), Product(projected, width, one, two));
            (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
        }

        return ab / Math.Sqrt(aa * bb);
    }

    static double Product(float[] rows, int width, int one, int two) => Enumerable.Range(0, width).Sum(i => (double)rows[one * width + i] * rows[two * width + i]);
}
