namespace NetKit;

/// <summary>Is told that a peer has finished sending, or is gone.</summary>
internal interface IEndObserver
{
    /// <summary>Is called on a loop, perhaps more than once: it must not wait.</summary>
    void OnEnded();
}
