namespace DistillForge.Torch;

/// <summary>
/// Tensors made while a scope is open die with it, unless they are moved out. Scopes belong to their thread and nest; opening
/// one and awaiting inside it is a mistake.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    static DisposeScope? current;

    readonly HashSet<torch.Tensor> tensors = new(ReferenceEqualityComparer.Instance);

    internal DisposeScope() => (OuterScope, current) = (current, this);

    /// <summary>The innermost open scope of this thread.</summary>
    internal static DisposeScope? Current => current;

    internal DisposeScope? OuterScope { get; private set; }

    /// <summary>How many tensors would die now.</summary>
    public int DisposablesCount => tensors.Count;

    /// <summary>Hands a tensor to the enclosing scope; without one, nobody but its owner disposes it.</summary>
    public T MoveToOuter<T>(T tensor)
        where T : torch.Tensor
        => MoveToOther(OuterScope, tensor);

    public T MoveToOther<T>(DisposeScope? scope, T tensor)
        where T : torch.Tensor
    {
        tensor.Scope?.Remove(tensor);
        scope?.Add(tensor);
        return tensor;
    }

    /// <summary>Takes a tensor out of every scope.</summary>
    public T Detach<T>(T tensor)
        where T : torch.Tensor
        => MoveToOther(null, tensor);

    /// <summary>Takes a tensor in, wherever it was.</summary>
    public T Attach<T>(T tensor)
        where T : torch.Tensor
        => MoveToOther(this, tensor);

    public bool Contains(torch.Tensor tensor) => tensors.Contains(tensor);

    /// <summary>Empties the scope, which stays open.</summary>
    public void DisposeEverything()
    {
        foreach (var tensor in tensors)
        {
            tensor.Scope = null;
            tensor.Dispose();
        }

        tensors.Clear();
    }

    public void DisposeEverythingBut(params torch.Tensor[] keep)
    {
        foreach (var tensor in tensors.Except(keep, ReferenceEqualityComparer.Instance).Cast<torch.Tensor>().ToList())
        {
            tensor.Dispose();
        }
    }

    public void Dispose()
    {
        DisposeEverything();
        if (current == this)
        {
            current = OuterScope;
            return;
        }

        // Closed out of order: unlink it where it stands.
        for (var inner = current; inner is not null; inner = inner.OuterScope)
        {
            if (inner.OuterScope == this)
            {
                inner.OuterScope = OuterScope;
                return;
            }
        }
    }

    internal void Add(torch.Tensor tensor)
    {
        tensors.Add(tensor);
        tensor.Scope = this;
    }

    internal void Remove(torch.Tensor tensor)
    {
        tensors.Remove(tensor);
        tensor.Scope = null;
    }
}
