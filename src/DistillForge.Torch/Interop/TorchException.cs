using System.Runtime.InteropServices;

namespace DistillForge.Torch;

/// <summary>What libtorch says about a call that failed. An <see cref="ExternalException"/>, as TorchSharp throws.</summary>
public sealed class TorchException(string message) : ExternalException(message);
