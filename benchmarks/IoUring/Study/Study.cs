namespace NetKit.Benchmarks;

/// <summary>Measures the engines in turns, and writes results/io-uring.json and the tables made of it.</summary>
internal static class Study
{
    public static void Run(Arguments arguments)
    {
        var effort = Effort.From(arguments);
        foreach (var group in Group.All.Where(group => Wants("group", group.Key)))
        {
            foreach (var scenario in Group.Scenarios.Where(scenario => Wants("scenario", scenario.Key)))
            {
                StudyFile.Save(Measure(group, scenario, effort));
                StudyReport.Save(StudyFile.Load());
            }
        }

        bool Wants(string name, string key) => arguments.Text(name) is not { } chosen || chosen.Split(',').Contains(key);
    }

    private static StudyRun Measure(Group group, Scenario scenario, Effort effort)
    {
        var comparison = new Comparison(scenario, group.Kinds, effort);
        comparison.Run();
        return new StudyRun
        {
            Group = group.Key,
            Scenario = scenario.Key,
            Machine = Machine.Description,
            Rounds = effort.Rounds,
            Seconds = effort.Seconds,
            Slices = comparison.Slices.ToDictionary(static pair => pair.Key.Key, static pair => pair.Value),
            SystemCalls = comparison.Counted.ToDictionary(
                static pair => pair.Key.Key,
                pair => pair.Value.SystemCalls / scenario.Unit!(pair.Value)),
        };
    }
}
