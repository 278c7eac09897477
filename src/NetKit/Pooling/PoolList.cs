using System.Diagnostics;

namespace NetKit;

/// <summary>Links nodes in an order; adding and removing any of them is O(1) and allocates nothing. A mutable struct: keep it in a field.</summary>
internal struct PoolList
{
    public PoolNode? First { get; private set; }

    public PoolNode? Last { get; private set; }

    public int Count { get; private set; }

    public void Add(PoolNode node) => Insert(node, Last);

    /// <summary>Puts the node behind one of the list; null: in front of all.</summary>
    public void Insert(PoolNode node, PoolNode? before)
    {
        Debug.Assert(node.Next is null && node.Previous is null && First != node, "A node is in one list at the most.");
        var after = before is null ? First : before.Next;
        (node.Previous, node.Next) = (before, after);
        if (before is null)
        {
            First = node;
        }
        else
        {
            before.Next = node;
        }

        if (after is null)
        {
            Last = node;
        }
        else
        {
            after.Previous = node;
        }

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
