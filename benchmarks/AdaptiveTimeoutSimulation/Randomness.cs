namespace NetKit.Simulation;

/// <summary>Random numbers that are the same on every machine and runtime: splitmix64, from a seed and what it is for.</summary>
internal struct Randomness
{
    private ulong _state;

    public Randomness(long seed, long stream)
    {
        _state = ((ulong)seed * 0x9E3779B97F4A7C15UL) ^ ((ulong)stream * 0xD1B54A32D192ED03UL);
        Next();
    }

    /// <summary>A number above 0 and below 1.</summary>
    public double Uniform() => ((Next() >> 11) + 0.5) / (1UL << 53);

    public double Exponential(double mean) => -mean * Math.Log(Uniform());

    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    public double Lognormal(double median, double sigma) => median * Math.Exp(sigma * Normal());

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return mixed ^ (mixed >> 31);
    }
}
