namespace NetKit.Simulation;

/// <summary>How long attempts take, in seconds, by when they begin.</summary>
/// <param name="Name">What the tables call it.</param>
/// <param name="Sample">Draws the latency of an attempt that begins at an instant.</param>
/// <param name="P999">The time within which 99.9 % of the attempts that begin at an instant complete: what an oracle would wait.</param>
/// <param name="IsSteady">Whether it is the same at all times, apart from what repeats within a minute.</param>
internal sealed record LatencyModel(string Name, LatencyModel.Draw Sample, Func<double, double> P999, bool IsSteady)
{
    // The standard normal distribution's 99.9 % and 98 % points.
    private const double Z999 = 3.0902;
    private const double Z98 = 2.0537;

    private const double StallEvery = 10;
    private const double StallFor = 0.3;

    public delegate double Draw(ref Randomness random, double now);

    public const double StepAt = 60;
    public const double StepBackAt = 180;

    public static LatencyModel Step { get; } = Moving("Step x10 at 60 s, back at 180 s", static now => now is >= StepAt and < StepBackAt ? 0.1 : 0.01);

    public static LatencyModel[] All { get; } =
    [
        Lognormal(0.5),
        Lognormal(1.0),
        Lognormal(1.5),
        Pareto(2.2),
        Pareto(1.5),
        new(
            "Bimodal 5 ms, 5 % 200 ms",
            static (ref random, _) => random.Lognormal(random.Uniform() < 0.05 ? 0.2 : 0.005, 0.1),
            static _ => 0.2 * Math.Exp(0.1 * Z98),
            IsSteady: true),
        Stall(),
        Step,
        Moving("Ramp 10 to 100 ms in 300 s", static now => 0.01 * Math.Pow(10, Math.Clamp((now - 30) / 300, 0, 1))),
        Moving("Diurnal 10 to 30 ms", static now => 0.02 * (1 + (0.5 * Math.Sin(2 * Math.PI * now / 360)))),
    ];

    private static LatencyModel Lognormal(double sigma) => new(
        FormattableString.Invariant($"Lognormal, sigma {sigma:0.0}"),
        (ref random, _) => random.Lognormal(0.01, sigma),
        _ => 0.01 * Math.Exp(sigma * Z999),
        IsSteady: true);

    private static LatencyModel Pareto(double alpha)
    {
        var shortest = 0.01 / Math.Pow(2, 1 / alpha);
        return new(
            FormattableString.Invariant($"Pareto, alpha {alpha:0.0}"),
            (ref random, _) => shortest * Math.Pow(random.Uniform(), -1 / alpha),
            _ => shortest * Math.Pow(1000, 1 / alpha),
            IsSteady: true);
    }

    /// <summary>The peer stands still now and then: what begins meanwhile waits for the end of it first.</summary>
    private static LatencyModel Stall() => new(
        "Stall of 300 ms every 10 s",
        static (ref random, now) => Math.Max(0, StallFor - (now % StallEvery)) + random.Lognormal(0.01, 0.5),
        static _ => (StallFor * (1 - (0.001 * StallEvery / StallFor))) + 0.01,
        IsSteady: true);

    private static LatencyModel Moving(string name, Func<double, double> median) => new(
        name,
        (ref random, now) => random.Lognormal(median(now), 0.5),
        now => median(now) * Math.Exp(0.5 * Z999),
        IsSteady: false);
}
