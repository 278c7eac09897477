using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Names the error numbers of Linux that the engines treat apart.</summary>
internal static class Errno
{
    public const int NotPermitted = 1; // EPERM
    public const int Interrupted = 4; // EINTR
    public const int Again = 11; // EAGAIN
    public const int Busy = 16; // EBUSY
    public const int Exists = 17; // EEXIST
    public const int Invalid = 22; // EINVAL
    public const int TooManyFilesInSystem = 23; // ENFILE
    public const int TooManyFiles = 24; // EMFILE
    public const int NoSystemCall = 38; // ENOSYS
    public const int NoBuffers = 105; // ENOBUFS
    public const int Cancelled = 125; // ECANCELED

    public static int Last => Marshal.GetLastSystemError();

    public static IOException ToException(string operation, int errno) => new($"{operation}: {Marshal.GetPInvokeErrorMessage(errno)}");

    public static Win32Exception LastAsException(string operation) =>
        new(Last, $"{operation}: {Marshal.GetPInvokeErrorMessage(Last)}");
}
