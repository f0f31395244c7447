using DistillForge.Torch.Modules;

namespace DistillForge.Torch;

public static partial class torch
{
    public static partial class nn
    {
        public static class utils
        {
            /// <summary>
            /// Scales all gradients down together so that their common norm is at most <paramref name="max_norm"/>; returns the norm that they had.
            /// </summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm)
            {
                Parameter[] parameters = [.. tensors];
                Check.Ok(Native.df_clip_grad_norm_(Check.Pointers(parameters), parameters.Length, max_norm, out var norm));
                GC.KeepAlive(parameters);
                return norm;
            }
        }
    }
}
