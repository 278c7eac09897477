using System.Diagnostics;
using System.Numerics;

namespace NetKit;

/// <summary>Sorts entries by due time into eight levels of 64 slots: link, unlink and "which is next" are O(1).</summary>
/// <remarks>
/// <para>A hierarchical timing wheel (Varghese and Lauck, 1987). Level 0 has one slot a tick; each level above has slots 64
/// times as wide. An entry sits on the level of the highest 6-bit digit in which its due time differs from now, and moves
/// down as that time comes near. A bitmap a level tells which slots are in use, so nothing is ever scanned.</para>
/// <para>Pure data: no clock, no timer, no lock. Whoever owns the wheel brings the time and serialises the calls.</para>
/// </remarks>
internal sealed class TimerWheel
{
    private const int Levels = 8;
    private const int BitsPerLevel = 6;
    private const int SlotsPerLevel = 1 << BitsPerLevel;

    // One top slot short of a full turn, so that the slot the wheel stands in never holds an entry of the next turn.
    private const long Horizon = (SlotsPerLevel - 1L) << ((Levels - 1) * BitsPerLevel);

    private readonly DeadlineEntry?[] _slots = new DeadlineEntry?[Levels * SlotsPerLevel];
    private readonly ulong[] _used = new ulong[Levels];
    private long _now;

    /// <summary>Makes a wheel that stands at a tick.</summary>
    public TimerWheel(long now) => _now = now;

    /// <summary>Puts an entry on the wheel. It comes due at its tick, or at once when that has gone by.</summary>
    public void Link(DeadlineEntry entry, long dueTick)
    {
        Debug.Assert(entry.Slot < 0, "An entry is on the wheel at most once.");

        // Further away than the wheel can tell apart: visited at the horizon, and linked again by the visitor.
        var tick = Math.Clamp(dueTick, _now, _now + Horizon);
        var level = LevelOf(tick);
        var slot = (level << BitsPerLevel) | (int)((tick >> (level * BitsPerLevel)) & (SlotsPerLevel - 1));
        var first = _slots[slot];
        entry.Slot = slot;
        entry.Tick = tick;
        entry.Previous = null;
        entry.Next = first;
        if (first is not null)
        {
            first.Previous = entry;
        }

        _slots[slot] = entry;
        _used[level] |= 1UL << (slot & (SlotsPerLevel - 1));
    }

    /// <summary>Takes an entry off the wheel.</summary>
    public void Unlink(DeadlineEntry entry)
    {
        Debug.Assert(entry.Slot >= 0, "Only an entry on the wheel can be taken off it.");
        if (entry.Next is { } next)
        {
            next.Previous = entry.Previous;
        }

        if (entry.Previous is { } previous)
        {
            previous.Next = entry.Next;
        }
        else
        {
            _slots[entry.Slot] = entry.Next;
            if (entry.Next is null)
            {
                _used[entry.Slot >> BitsPerLevel] &= ~(1UL << (entry.Slot & (SlotsPerLevel - 1)));
            }
        }

        entry.Next = entry.Previous = null;
        entry.Slot = -1;
    }

    /// <summary>The tick at which the wheel must be looked at next; <see cref="long.MaxValue"/> when it is empty.</summary>
    /// <remarks>Never later than the first entry's tick. Earlier only when that entry still has to move down a level.</remarks>
    public long NextTick()
    {
        var level = 0;
        while (level < Levels && _used[level] == 0)
        {
            level++;
        }

        return level == Levels ? long.MaxValue : StartOfFirstSlot(level, out _);
    }

    /// <summary>Moves to a tick and takes off one entry that is due by then; null when there is none (left).</summary>
    public DeadlineEntry? TakeDue(long now)
    {
        for (var level = 0; level < Levels;)
        {
            if (_used[level] == 0)
            {
                level++;
                continue;
            }

            var start = StartOfFirstSlot(level, out var slot);
            if (start > now)
            {
                break;
            }

            _now = Math.Max(_now, start);
            if (level == 0)
            {
                var due = _slots[slot]!;
                Unlink(due);
                return due;
            }

            MoveDown(slot);
            level = 0;
        }

        _now = Math.Max(_now, now);
        return null;
    }

    /// <summary>Links the entries of a slot again, now that its time has begun: each lands on a lower level.</summary>
    private void MoveDown(int slot)
    {
        while (_slots[slot] is { } entry)
        {
            Unlink(entry);
            Link(entry, entry.Tick);
            Debug.Assert(entry.Slot != slot, "The wheel stands at the start of the slot, so no entry can stay in it.");
        }
    }

    // The lowest level in use holds the nearest entries: a higher one differs from now in a higher digit.
    private long StartOfFirstSlot(int level, out int slot)
    {
        var shift = level * BitsPerLevel;
        var current = (int)((_now >> shift) & (SlotsPerLevel - 1));
        var ahead = BitOperations.TrailingZeroCount(BitOperations.RotateRight(_used[level], current));
        slot = (level << BitsPerLevel) | ((current + ahead) & (SlotsPerLevel - 1));
        var start = ((_now >> shift) + ahead) << shift;
        return Math.Max(start, _now);
    }

    private int LevelOf(long tick)
    {
        var differing = (ulong)(tick ^ _now) | (SlotsPerLevel - 1);
        return Math.Min((63 - BitOperations.LeadingZeroCount(differing)) / BitsPerLevel, Levels - 1);
    }
}
