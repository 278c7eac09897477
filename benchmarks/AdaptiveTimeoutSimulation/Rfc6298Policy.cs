namespace NetKit.Simulation;

/// <summary>The retransmission timeout of TCP, with Linux's floor for its variation left out and 10 ms for the whole.</summary>
internal sealed class Rfc6298Policy : TimeoutPolicy
{
    private double _mean;
    private double _variation;
    private int _doublings;
    private bool _begun;

    public override double Timeout(double now, int earlier) =>
        _begun ? Math.Clamp((_mean + Math.Max(0.001, 4 * _variation)) * Math.Pow(2, _doublings), 0.01, 30) : 1;

    public override void Record(double now, double elapsed)
    {
        _variation = _begun ? (0.75 * _variation) + (0.25 * Math.Abs(_mean - elapsed)) : elapsed / 2;
        _mean = _begun ? (0.875 * _mean) + (0.125 * elapsed) : elapsed;
        (_begun, _doublings) = (true, 0);
    }

    public override void RecordTimeout(double now, double waited) => _doublings = Math.Min(_doublings + 1, 16);
}
