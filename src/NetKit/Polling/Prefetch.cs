using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NetKit;

/// <summary>Asks the processor to have an object's memory at hand soon. Does nothing where there is no such request.</summary>
internal static unsafe class Prefetch
{
    private const int LineSize = 64;

    /// <summary>Names an object, and with it what was allocated next: the objects of a connection mostly lie in a row.</summary>
    public static void At(object? target, int lines)
    {
        if (!Sse.IsSupported || target is null)
        {
            return;
        }

        // Only a hint: it does no harm if the collector moves the object meanwhile, or if no memory is there.
        var address = (byte*)*(nint*)Unsafe.AsPointer(ref target);
        for (var line = 0; line < lines; line++)
        {
            Sse.Prefetch0(address + (line * LineSize));
        }
    }
}
