namespace NetKit.Samples;

/// <summary>Has the rooms. One is there while somebody is in it.</summary>
internal sealed class RoomDirectory(IBackplane backplane, ChatSettings settings, TimeProvider clock)
{
    private readonly Lock _gate = new(); // guards _rooms, and how many sessions each has
    private readonly Dictionary<string, Room> _rooms = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _rooms.Count;
            }
        }
    }

    /// <summary>Enters a room, or opens it. Null when there are as many as are allowed.</summary>
    public Room? TryEnter(string name)
    {
        lock (_gate)
        {
            if (!_rooms.TryGetValue(name, out var room))
            {
                if (_rooms.Count >= settings.MaxRooms)
                {
                    return null;
                }

                _rooms[name] = room = new Room(name, backplane, clock);
            }

            room.Sessions++;
            return room;
        }
    }

    /// <summary>Leaves a room. The last one closes it.</summary>
    public void Leave(Room room)
    {
        lock (_gate)
        {
            if (--room.Sessions > 0)
            {
                return;
            }

            _rooms.Remove(room.Name);
        }

        room.Dispose();
        backplane.PublishCount(room.Name, 0);
    }

    public Room? Find(string name)
    {
        lock (_gate)
        {
            return _rooms.GetValueOrDefault(name);
        }
    }

    public Room[] All()
    {
        lock (_gate)
        {
            return [.. _rooms.Values];
        }
    }
}
