namespace NetKit.Benchmarks;

/// <summary>Makes a ring as a variant wants it.</summary>
internal static unsafe class RingSetup
{
    private const uint Files = 16 * 1024;
    private const uint Sparse = 1; // IORING_RSRC_REGISTER_SPARSE

    public static Ring Create(Variant variant)
    {
        var ring = Ring.TryCreate(variant.Setup, out var errno) ?? throw Errno.ToException("io_uring_setup", errno);
        if (variant.RegisteredRing)
        {
            Require(ring.RegisterDescriptor(), "of the ring's descriptor");
        }

        if (variant.NoDiskWait)
        {
            ring.WaitUncounted();
        }

        if (variant.FixedFiles)
        {
            Require(RegisterFiles(ring), "of a table of files");
        }

        if (variant.DevicePollingMicroseconds > 0)
        {
            Require(RegisterDevicePolling(ring, variant.DevicePollingMicroseconds), "of device polling");
        }

        return ring;
    }

    public static int RegisterFiles(Ring ring)
    {
        var request = stackalloc ulong[4]; // struct io_uring_rsrc_register
        new Span<ulong>(request, 4).Clear();
        ((uint*)request)[0] = Files;
        ((uint*)request)[1] = Sparse;
        return ring.Register(RegisterOperation.Files, request, 4 * sizeof(ulong));
    }

    public static int RegisterDevicePolling(Ring ring, int microseconds)
    {
        var request = stackalloc ulong[2]; // struct io_uring_napi
        new Span<ulong>(request, 2).Clear();
        ((uint*)request)[0] = (uint)microseconds;
        ((byte*)request)[4] = 1;
        return ring.Register(RegisterOperation.DevicePolling, request, 1);
    }

    private static void Require(int result, string what)
    {
        if (result < 0)
        {
            throw Errno.ToException("io_uring_register " + what, -result);
        }
    }
}
