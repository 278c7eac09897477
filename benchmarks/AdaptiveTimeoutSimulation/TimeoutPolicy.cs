namespace NetKit.Simulation;

/// <summary>Says how long to wait, in seconds, and learns how it went.</summary>
internal abstract class TimeoutPolicy
{
    public const string OracleName = "Oracle";

    public static string[] Names { get; } = ["NetKit", OracleName, "Fixed 250 ms", "Fixed 1 s", "Fixed 5 s", "Fixed 30 s", "RFC 6298", "Quantile", "Restate"];

    /// <summary>How long to wait for an attempt that begins at an instant.</summary>
    /// <param name="now">The instant.</param>
    /// <param name="earlier">How many attempts of the same request have run out of time.</param>
    public abstract double Timeout(double now, int earlier = 0);

    public virtual void Record(double now, double elapsed)
    {
    }

    public virtual void RecordTimeout(double now, double waited)
    {
    }

    public static TimeoutPolicy Make(string name, LatencyModel? model, SimulatedTime time) => name switch
    {
        "NetKit" => new NetKitPolicy(new AdaptiveTimeout(timeProvider: time)),
        OracleName => new OraclePolicy(model!),
        "Fixed 250 ms" => new FixedPolicy(0.25),
        "Fixed 1 s" => new FixedPolicy(1),
        "Fixed 5 s" => new FixedPolicy(5),
        "Fixed 30 s" => new FixedPolicy(30),
        "RFC 6298" => new Rfc6298Policy(),
        "Quantile" => new QuantilePolicy(0.998, 1.5, keepsTimeouts: false),
        "Restate" => new QuantilePolicy(0.9999, 1.5, keepsTimeouts: true),
        _ => throw new ArgumentException($"There is no policy {name}.", nameof(name)),
    };

    private sealed class NetKitPolicy(AdaptiveTimeout timeout) : TimeoutPolicy
    {
        public override double Timeout(double now, int earlier) => timeout.Current.TotalSeconds;

        public override void Record(double now, double elapsed) => timeout.Record(TimeSpan.FromSeconds(elapsed));

        public override void RecordTimeout(double now, double waited) => timeout.RecordTimeout();
    }

    /// <summary>Knows the distribution, and waits for 99.9 % of it.</summary>
    private sealed class OraclePolicy(LatencyModel model) : TimeoutPolicy
    {
        public override double Timeout(double now, int earlier) => model.P999(now);
    }

    private sealed class FixedPolicy(double timeout) : TimeoutPolicy
    {
        public override double Timeout(double now, int earlier) => timeout;
    }
}
