using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Lowers how many descriptors this process may have, until disposed.</summary>
internal sealed partial class DescriptorLimit : IDisposable
{
    private const int Descriptors = 7; // RLIMIT_NOFILE

    private readonly Limit _before;

    public DescriptorLimit(int current)
    {
        if (Get(Descriptors, out _before) != 0)
        {
            throw Errno.LastAsException("getrlimit");
        }

        Apply(_before with { Current = (nuint)current });
    }

    public void Dispose() => Apply(_before);

    private static void Apply(Limit limit)
    {
        if (Set(Descriptors, limit) != 0)
        {
            throw Errno.LastAsException("setrlimit");
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, in Limit limit);

    private struct Limit
    {
        public nuint Current;
        public nuint Most;
    }
}
