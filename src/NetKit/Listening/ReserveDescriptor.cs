using Microsoft.Win32.SafeHandles;

namespace NetKit;

/// <summary>Keeps one descriptor in hand for the day when there are none left, so that clients can still be turned away.</summary>
/// <remarks>Without it a process out of descriptors can neither accept a waiting client nor refuse it. Used by one accept at a time.</remarks>
internal sealed class ReserveDescriptor : IDisposable
{
    private SafeFileHandle? _handle;

    public ReserveDescriptor() => TryTake();

    /// <summary>Takes a descriptor if there is one; true when one is in hand.</summary>
    public bool TryTake()
    {
        // Windows has no such limit: there the reserve is always in hand and never needed.
        if (_handle is not null || OperatingSystem.IsWindows())
        {
            return true;
        }

        try
        {
            _handle = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Gives the descriptor up, for the next accept to use; false when it was not in hand.</summary>
    public bool TryRelease()
    {
        var held = _handle;
        _handle = null;
        held?.Dispose();
        return held is not null;
    }

    public void Dispose() => TryRelease();
}
