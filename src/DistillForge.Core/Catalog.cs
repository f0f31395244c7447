using System.Reflection;

namespace DistillForge.Core;

/// <summary>Names a class in the catalog of the seam that it implements.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ComponentAttribute(string name) : Attribute
{
    /// <summary>kebab-case.</summary>
    public string Name { get; } = name;

    /// <summary>Raised when a component comes to another result for the same input and options, so that what an earlier one did is told apart and done again.</summary>
    public int Revision { get; init; } = 1;
}

/// <summary>Reads a component's options from wherever they are written.</summary>
public interface IOptionsSource
{
    /// <summary>Binds to a record type; every parameter that is not given takes its default.</summary>
    /// <exception cref="ForgeException">Unknown keys or unfit values, all of them.</exception>
    object Bind(Type options);
}

/// <summary>Options with rules beyond their types, e.g. ranges; checked when the file that holds them is read, before any work starts.</summary>
public interface ICheckedOptions
{
    /// <summary>Everything that does not do; <see cref="Problem.Where"/> is the option's key.</summary>
    IEnumerable<Problem> Check();
}

/// <summary>
/// The components of one seam, found by their attribute. A component is a class with <see cref="ComponentAttribute"/>, a nested
/// <c>Options</c> record if it has settings, and constructor parameters for the options and for what it needs.
/// </summary>
public sealed class Catalog<TSeam>
    where TSeam : class
{
    readonly SortedDictionary<string, Type> types = new(StringComparer.Ordinal);

    public Catalog(params IEnumerable<Assembly> assemblies)
    {
        foreach (var type in assemblies.SelectMany(assembly => assembly.GetTypes()))
        {
            if (type.IsAbstract || !typeof(TSeam).IsAssignableFrom(type) || type.GetCustomAttribute<ComponentAttribute>() is not { } component)
            {
                continue;
            }

            if (!types.TryAdd(component.Name, type))
            {
                throw new InvalidOperationException($"{type} and {types[component.Name]} are both called '{component.Name}' in the catalog of {typeof(TSeam).Name}");
            }
        }
    }

    public IReadOnlyCollection<string> Names => types.Keys;

    public bool Contains(string name) => types.ContainsKey(name);

    public Type this[string name] => types.TryGetValue(name, out var type) ? type : throw new ForgeException(Unknown(name));

    /// <summary>What to tell a user who wrote a name that is not there.</summary>
    public Problem Unknown(string name, string where = "")
        => new(where, $"unknown {Noun} '{name}'", NearName.Suggest(name, Names) ?? $"Known: {string.Join(", ", Names)}.");

    /// <summary>See <see cref="ComponentAttribute.Revision"/>.</summary>
    public int RevisionOf(string name) => this[name].GetCustomAttribute<ComponentAttribute>()!.Revision;

    /// <summary>The nested options record of a component, or null when it has none.</summary>
    public Type? OptionsOf(string name) => this[name].GetNestedType("Options");

    /// <param name="options">Where the component's options are read from; null for all defaults.</param>
    /// <param name="services">What its constructor may ask for, by type.</param>
    public TSeam Create(string name, IOptionsSource? options, params ReadOnlySpan<object> services)
    {
        var type = this[name];
        var constructor = type.GetConstructors().Single();
        var parameters = constructor.GetParameters();
        var arguments = new object?[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            arguments[i] = parameters[i].ParameterType == OptionsOf(name)
                ? options?.Bind(parameters[i].ParameterType) ?? DefaultOptions.Create(parameters[i].ParameterType)
                : Find(services, parameters[i].ParameterType)
                ?? (parameters[i].HasDefaultValue ? parameters[i].DefaultValue : throw new InvalidOperationException($"{type} needs a {parameters[i].ParameterType}, which the host does not offer"));
        }

        // Not wrapped: a constructor that refuses a user's file says so in words of its own.
        return (TSeam)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    static object? Find(ReadOnlySpan<object> services, Type wanted)
    {
        foreach (var service in services)
        {
            if (wanted.IsInstanceOfType(service))
            {
                return service;
            }
        }

        return null;
    }

    // IModelFilter -> "model filter"
    static string Noun => string.Concat(typeof(TSeam).Name[1..].Select((c, i) => i > 0 && char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}

/// <summary>An options record with every parameter at its default.</summary>
public static class DefaultOptions
{
    public static object Create(Type options)
    {
        var constructor = options.GetConstructors().MaxBy(c => c.GetParameters().Length)!;
        var arguments = constructor.GetParameters()
            .Select(p => p.HasDefaultValue ? p.DefaultValue is null && p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : p.DefaultValue : throw new ForgeException(new Problem(options.DeclaringType?.Name ?? options.Name, $"needs '{p.Name}'", "Give it a value.")))
            .ToArray();
        return constructor.Invoke(arguments);
    }
}

/// <summary>Finds what somebody probably meant.</summary>
public static class NearName
{
    /// <returns><c>Did you mean 'x'?</c>, or null when nothing is near.</returns>
    public static string? Suggest(string name, IEnumerable<string> known)
    {
        var best = known.Select(k => (Name: k, Distance: Distance(name, k))).OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(1, Math.Min(name.Length, best.Name.Length) / 3) ? $"Did you mean '{best.Name}'?" : null;
    }

    // Levenshtein over one row; names are short.
    static int Distance(string a, string b)
    {
        if (a.Length > 64)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
