using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DistillForge.Data.Yaml;

/// <summary>A key of a record: a parameter of its constructor or an init property.</summary>
sealed record Member(string Key, Type Type, PropertyInfo Property, ParameterInfo? Parameter)
{
    static readonly ConcurrentDictionary<Type, IReadOnlyList<Member>> Known = new();

    public bool IsRequired => Parameter is not null ? !Parameter.HasDefaultValue : Property.IsDefined(typeof(RequiredMemberAttribute));

    /// <summary>Whether a key without a value means something.</summary>
    public bool MayBeNull => Nullable.GetUnderlyingType(Property.PropertyType) is not null || (!Type.IsValueType && new NullabilityInfoContext().Create(Property).WriteState != NullabilityState.NotNull);

    public ComponentsAttribute? Components => Property.GetCustomAttribute<ComponentsAttribute>();

    public bool IsIncidental => Property.IsDefined(typeof(IncidentalAttribute));

    public bool IsAddedLater => Property.IsDefined(typeof(AddedLaterAttribute));

    /// <summary>In the order of declaration.</summary>
    public static IReadOnlyList<Member> Of(Type type) => Known.GetOrAdd(type, static type =>
    {
        var parameters = ConstructorOf(type).GetParameters();
        return
        [
            .. from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
               where property.CanWrite && !property.IsDefined(typeof(NotInRecipeAttribute))
               let parameter = parameters.FirstOrDefault(p => string.Equals(p.Name, property.Name, StringComparison.OrdinalIgnoreCase))
               select new Member(
                   JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name),
                   Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType,
                   property,
                   parameter),
        ];
    });

    /// <summary>Type arguments of a type that is exactly this generic interface, else null.</summary>
    public static Type[]? ElementOf(Type type, Type generic)
        => type.IsGenericType && type.GetGenericTypeDefinition() == generic ? type.GetGenericArguments() : null;

    /// <summary>A record with these values; a required one that is absent is left at zero, and its problem is already noted.</summary>
    public static object Build(Type type, IReadOnlyList<Member> members, IReadOnlyDictionary<Member, object?> given)
    {
        var arguments = ConstructorOf(type).GetParameters().Select(parameter =>
            members.FirstOrDefault(m => m.Parameter == parameter) is { } member && given.TryGetValue(member, out var value) ? value : DefaultOf(parameter)).ToArray();
        var record = ConstructorOf(type).Invoke(arguments);
        foreach (var (member, value) in given.Where(pair => pair.Key.Parameter is null))
        {
            member.Property.SetValue(record, value);
        }

        return record;
    }

    static object? DefaultOf(ParameterInfo parameter)
        => parameter is { HasDefaultValue: true, DefaultValue: { } value } ? value
            : parameter.ParameterType == typeof(string) && !parameter.HasDefaultValue ? ""
            : parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? Activator.CreateInstance(parameter.ParameterType)
            : null;

    static ConstructorInfo ConstructorOf(Type type)
        => type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length) ?? throw new InvalidOperationException($"{type} has no public constructor");
}
