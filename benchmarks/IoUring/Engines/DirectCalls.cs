namespace NetKit.Benchmarks;

/// <summary>Sends and receives with a system call each, never waiting.</summary>
internal static unsafe class DirectCalls
{
    /// <summary>Receives, or tells the error number, negated.</summary>
    public static int TryReceive(int descriptor, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var count = (int)LibC.Receive(descriptor, start, buffer.Length, LibC.DontWait);
            return count >= 0 ? count : -Errno.Last;
        }
    }

    /// <summary>Sends what there is room for, leaves the rest in the buffer, and tells why.</summary>
    /// <returns>The error number; 0 when nothing is left.</returns>
    public static int TrySend(int descriptor, ref ReadOnlyMemory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            fixed (byte* start = buffer.Span)
            {
                var count = (int)LibC.Send(descriptor, start, buffer.Length, LibC.DontWait | LibC.NoSignal);
                if (count < 0)
                {
                    return Errno.Last;
                }

                buffer = buffer[count..];
            }
        }

        return 0;
    }
}
