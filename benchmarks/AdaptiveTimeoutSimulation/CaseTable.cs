namespace NetKit.Simulation;

/// <summary>Finds what belongs together among the cases.</summary>
internal sealed class CaseTable(List<OpenLoopCase> all)
{
    private readonly Dictionary<(string, double), OpenLoopCase> _oracles =
        all.Where(static each => each.Policy == TimeoutPolicy.OracleName).ToDictionary(static each => (each.Model.Name, each.Loss));

    public IReadOnlyList<OpenLoopCase> All => all;

    /// <summary>How many there are for each policy.</summary>
    public int Count => _oracles.Count;

    public OpenLoopCase[] Of(string policy) => [.. all.Where(each => each.Policy == policy)];

    public OpenLoopCase OracleOf(OpenLoopCase each) => _oracles[(each.Model.Name, each.Loss)];
}
