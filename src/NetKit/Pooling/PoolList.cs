using System.Diagnostics;

namespace NetKit;

/// <summary>Links nodes in the order they were added; adding and removing any of them is O(1) and allocates nothing. A mutable struct: keep it in a field.</summary>
internal struct PoolList
{
    public PoolNode? First { get; private set; }

    public PoolNode? Last { get; private set; }

    public int Count { get; private set; }

    public void Add(PoolNode node)
    {
        Debug.Assert(node.Next is null && node.Previous is null && First != node, "A node is in one list at the most.");
        node.Previous = Last;
        if (Last is { } last)
        {
            last.Next = node;
        }
        else
        {
            First = node;
        }

        Last = node;
        Count++;
    }

    public void Remove(PoolNode node)
    {
        Debug.Assert(node.Next is not null || Last == node, "Only a node of this list can be removed from it.");
        if (node.Next is { } next)
        {
            next.Previous = node.Previous;
        }
        else
        {
            Last = node.Previous;
        }

        if (node.Previous is { } previous)
        {
            previous.Next = node.Next;
        }
        else
        {
            First = node.Next;
        }

        node.Next = node.Previous = null;
        Count--;
    }

    /// <summary>Takes the first node off the list; null when there is none.</summary>
    public PoolNode? TakeFirst()
    {
        var first = First;
        if (first is not null)
        {
            Remove(first);
        }

        return first;
    }
}
