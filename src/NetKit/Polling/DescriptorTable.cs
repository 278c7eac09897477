using System.Diagnostics;

namespace NetKit;

/// <summary>Finds a descriptor by the number that the kernel reports with its events, and never a later one in its place.</summary>
/// <remarks>
/// A number is a place and how often the place was given away. An event of a descriptor that has been closed since, from
/// the same batch or from a copy that a child process holds, names a time that is over and finds nothing. Looking up takes
/// no lock; the place of a closed descriptor is used again.
/// </remarks>
internal sealed class DescriptorTable
{
    private const int PlacesPerChunk = 512;

    private readonly Lock _gate = new(); // guards what is written below
    private Place[][] _chunks = [];
    private int _firstFree = -1;
    private int _used;

    /// <summary>Gives the descriptor a place.</summary>
    public int Add(PolledDescriptor descriptor)
    {
        lock (_gate)
        {
            var index = _firstFree;
            if (index >= 0)
            {
                _firstFree = PlaceOf(index).NextFree;
            }
            else
            {
                index = _used++;
                if (index == _chunks.Length * PlacesPerChunk)
                {
                    Volatile.Write(ref _chunks, [.. _chunks, new Place[PlacesPerChunk]]);
                }
            }

            ref var place = ref PlaceOf(index);
            Debug.Assert(place.Descriptor is null, "A free place holds nothing.");
            Volatile.Write(ref place.Descriptor, descriptor);
            return index;
        }
    }

    /// <summary>The number that epoll is to report with the events of a place, for as long as it is not taken back.</summary>
    public ulong KeyOf(int index) => ((ulong)PlaceOf(index).Generation << 32) | (uint)index;

    /// <summary>Takes the place back. Events that still name it find nothing from here on.</summary>
    public void Remove(int index)
    {
        lock (_gate)
        {
            ref var place = ref PlaceOf(index);
            Debug.Assert(place.Descriptor is not null, "A place is taken back once.");
            Volatile.Write(ref place.Generation, place.Generation + 1);
            Volatile.Write(ref place.Descriptor, null);
            place.NextFree = _firstFree;
            _firstFree = index;
        }
    }

    /// <summary>The descriptor of that key; null when it is gone.</summary>
    public PolledDescriptor? Find(ulong key)
    {
        ref var place = ref PlaceOf((int)(uint)key);
        var descriptor = Volatile.Read(ref place.Descriptor);

        // Read second: if the place was given away before we read it, its count has moved on.
        return Volatile.Read(ref place.Generation) == (uint)(key >> 32) ? descriptor : null;
    }

    private ref Place PlaceOf(int index) => ref Volatile.Read(ref _chunks)[index / PlacesPerChunk][index % PlacesPerChunk];

    private struct Place
    {
        public PolledDescriptor? Descriptor;
        public uint Generation;
        public int NextFree;
    }
}
