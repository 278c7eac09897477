namespace NetKit.Benchmarks;

/// <summary>Accepts through the ring, one operation for each connection or one for all.</summary>
internal sealed class RingAcceptor(RingLoop loop, int listener, Variant variant)
{
    private bool _isFull;

    public void Arm()
    {
        ref var entry = ref loop.Ring.Next();
        entry.Operation = RingOperation.Accept;
        entry.Descriptor = listener;
        entry.Mode = variant.AcceptMultishot ? SubmissionEntry.AcceptMultishot : (ushort)0;
        entry.UserData = RingLoop.UserData(0, RingWork.Accept);
        if (variant.FixedFiles)
        {
            // Without descriptor there is nothing to close on exec either: the kernel refuses the flag.
            entry.FileIndex = SubmissionEntry.AllocateFileIndex;
        }
        else
        {
            entry.CallFlags = LibC.CloseOnExec;
        }
    }

    public void OnCompletion(in CompletionEntry completion)
    {
        // Armed again at once, a full table would make the loop spin: it waits for a close.
        _isFull = completion.Result is -Errno.TooManyFiles or -Errno.TooManyFilesInSystem;
        if (!completion.HasMore && !_isFull)
        {
            Arm();
        }

        if (completion.Result >= 0)
        {
            loop.Add(completion.Result);
        }
    }

    /// <summary>Goes on accepting when that had ended for want of descriptors.</summary>
    public void OnRoom()
    {
        if (_isFull)
        {
            _isFull = false;
            Arm();
        }
    }
}
