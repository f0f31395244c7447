using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training;

/// <summary>
/// A teacher's embedding in fewer dimensions: its projection onto the subspace that keeps most of it (its leading singular
/// vectors), turned at random within, so that every dimension carries as much, and scaled as a fresh embedding is.
/// </summary>
public static class TeacherEmbedding
{
    // Orthogonal iteration: what lies outside the subspace shrinks with each pass by the ratio of two neighbouring squared singular values.
    const int Passes = 12;

    /// <param name="rows">The student's vocabulary; a padded teacher has more rows.</param>
    /// <param name="kept">Which of the teacher's rows the student has, where its vocabulary is pruned; null: the first.</param>
    /// <param name="width">The student's, at most the teacher's.</param>
    /// <returns>[rows · width]</returns>
    /// <exception cref="ForgeException">The teacher is narrower than the student, or its embedding is of a type that is not read.</exception>
    public static float[] Project(string gguf, int rows, int width, long seed, IReadOnlyList<int>? kept = null)
    {
        using var file = GgufFile.Open(gguf);
        var stored = file.Tensor("token_embd.weight");
        if (!Dequantize.Can(stored.Type) || stored.Shape.Count != 2 || stored.Shape[0] < width || stored.Shape[1] < rows)
        {
            throw new ForgeException(new Problem("student.embeddings", $"is 'teacher', but the teacher's are {stored.Type} of {string.Join(" × ", stored.Shape)}, and the student needs {rows} of {width}.", "Remove it, or make the student as narrow as its teacher."));
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var all = tensor(file.Floats(stored), [stored.Shape[1], stored.Shape[0]]);
        var table = kept is null ? all.narrow(0, 0, rows) : all.index_select(0, tensor([.. kept.Select(id => (long)id)], [kept.Count]));   // [V, D]
        var random = Seeds.Source(seed, "teacher-embedding");
        var basis = Orthonormal(Gaussian(random, width, (int)stored.Shape[0]));   // [d, D], rows orthonormal
        for (var pass = 0; pass < Passes; pass++)
        {
            using var inner = NewDisposeScope();
            var image = table.matmul(Matrix(basis).t());   // [V, d]
            basis = Orthonormal(image.t().matmul(table).data<float>().ToArray(), width);
        }

        var turned = Matrix(Orthonormal(Gaussian(random, width, width))).matmul(Matrix(basis));   // [d, D]
        var projected = table.matmul(turned.t());   // [V, d]
        var deviation = projected.square().mean().sqrt().item<float>();
        return (projected * (Initialisation.OfEmbedding(width) / deviation)).contiguous().data<float>().ToArray();
    }

    static Tensor Matrix(double[][] rows) => tensor(rows.SelectMany(row => row.Select(x => (float)x)).ToArray(), [rows.Length, rows[0].Length]);

    static double[][] Gaussian(Random random, int rows, int columns)
        => [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())).ToArray())];

    static double[][] Orthonormal(float[] numbers, int rows) => Orthonormal([.. numbers.Chunk(numbers.Length / rows).Select(row => row.Select(x => (double)x).ToArray())]);

    // Gram–Schmidt in doubles, each row against those before, twice: once leaves rounding behind.
    static double[][] Orthonormal(double[][] rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            for (var again = 0; again < 2; again++)
            {
                for (var j = 0; j < i; j++)
                {
                    var along = System.Numerics.Tensors.TensorPrimitives.Dot<double>(rows[i], rows[j]);
                    System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(rows[j], -along, rows[i], rows[i]);
                }
            }

            var length = System.Numerics.Tensors.TensorPrimitives.Norm<double>(rows[i]);
            System.Numerics.Tensors.TensorPrimitives.Divide(rows[i], length, rows[i]);
        }

        return rows;
    }
}
