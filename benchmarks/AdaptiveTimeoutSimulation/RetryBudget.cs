namespace NetKit.Simulation;

/// <summary>Allows a retry for every fifth request, and one a second besides; what is not used is kept for ten seconds' worth.</summary>
internal sealed class RetryBudget
{
    private const double PerRequest = 0.2;
    private const double PerSecond = 1;
    private const double Most = 100;

    private double _tokens = 10;
    private double _updated;

    public void Deposit(double now)
    {
        Refill(now);
        _tokens = Math.Min(Most, _tokens + PerRequest);
    }

    public bool TrySpend(double now)
    {
        Refill(now);
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }

    private void Refill(double now)
    {
        _tokens = Math.Min(Most, _tokens + ((now - _updated) * PerSecond));
        _updated = now;
    }
}
