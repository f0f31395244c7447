namespace DistillForge.Torch;

public static partial class torch
{
    /// <summary>Seeds the generator of the CPU and of every CUDA device.</summary>
    public static void manual_seed(long seed) => random.manual_seed(seed);

    public static Tensor get_rng_state() => random.get_rng_state();

    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    public static int get_num_threads() => Native.df_get_threads();

    /// <summary>For operations of this thread, and for the whole process where OpenBLAS has threads of its own.</summary>
    public static void set_num_threads(int num) => Check.Ok(Native.df_set_threads(num));

    public static class random
    {
        public static void manual_seed(long seed) => Check.Ok(Native.df_manual_seed(seed));

        /// <summary>The generator of the CPU as bytes, for a checkpoint.</summary>
        public static Tensor get_rng_state() => Check.Tensor(Native.df_rng_state(CPU.Code, out var result), result);

        public static void set_rng_state(Tensor new_state) => Check.Ok(Native.df_set_rng_state(CPU.Code, new_state.Handle));
    }
}
