namespace NetKit.Tests;

/// <summary>Judges whether counts are spread as they should be.</summary>
internal static class ChiSquare
{
    /// <summary>How far the counts are from even: about the number of buckets if they are even by chance, far more if not.</summary>
    public static double OfEven(IReadOnlyList<int> buckets)
    {
        var expected = (double)buckets.Sum() / buckets.Count;
        return buckets.Sum(count => (count - expected) * (count - expected) / expected);
    }
}
