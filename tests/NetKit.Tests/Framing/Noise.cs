namespace NetKit.Tests.Framing;

/// <summary>Draws frames and lengths, the same for the same seed: who receives can draw what was sent once more.</summary>
internal sealed class Noise(string name, int seed)
{
    private static readonly byte[] s_bytes = Payload.Random(64 * 1024, seed: 7);

    private readonly byte[] _bytes = FrameCases.Fit(name == "1" || name == "typed" ? "4 big" : name, s_bytes);
    private readonly byte[] _typed = new byte[32 * 1024];
#pragma warning disable CA5394 // Not a secret.
    private readonly Random _random = new(seed);

    /// <summary>A frame: most are small, and one in a hundred is large. Valid until the next is drawn.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        var largest = _random.Next(100) switch
        {
            0 => 10_000,
            < 25 => 1000,
            _ => 64,
        };
        var length = _random.Next(name == "1" ? Math.Min(largest, 256) : largest);
        var offset = _random.Next(_bytes.Length - length);
        if (name != "typed")
        {
            return _bytes.AsMemory(offset, length);
        }

        var typed = FrameCases.Fit(name, _bytes.AsSpan(offset, length));
        typed.CopyTo(_typed.AsSpan());
        return _typed.AsMemory(0, typed.Length);
    }

    public int Below(int bound) => _random.Next(bound);
#pragma warning restore CA5394
}
