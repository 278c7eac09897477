namespace NetKit;

/// <summary>The name of a pool among the services, for those who ask for one without a name.</summary>
internal sealed record PoolName(string Name)
{
    /// <summary>Gives the name of the only one.</summary>
    /// <exception cref="InvalidOperationException">There are several.</exception>
    public static string Only(IEnumerable<PoolName> names) => names.ToArray() switch
    {
        [{ Name: var only }] => only,
        var several => throw new InvalidOperationException(
            $"There are several connection pools, so ask for one by its name, as in [FromKeyedServices(\"{several[0].Name}\")]: {string.Join(", ", several.Select(static pool => pool.Name))}."),
    };
}
