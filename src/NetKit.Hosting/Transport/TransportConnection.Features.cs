using System.Buffers;
using System.Collections;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace NetKit;

// The features of a connection. It is its own collection of them: each connection has one, and looks into it a few times.
internal sealed partial class TransportConnection :
    IFeatureCollection,
    IConnectionIdFeature,
    IConnectionTransportFeature,
    IConnectionItemsFeature,
    IConnectionLifetimeFeature,
    IConnectionEndPointFeature,
    IConnectionSocketFeature,
    IMemoryPoolFeature
{
    private static readonly Type[] s_own =
    [
        typeof(IConnectionIdFeature),
        typeof(IConnectionTransportFeature),
        typeof(IConnectionItemsFeature),
        typeof(IConnectionLifetimeFeature),
        typeof(IConnectionEndPointFeature),
        typeof(IConnectionSocketFeature),
        typeof(IMemoryPoolFeature),
    ];

    // What others have set, in place of our own too. A few, so that looking at each is quickest.
    private KeyValuePair<Type, object?>[] _set = [];
    private int _revision;

    public override IFeatureCollection Features => this;

    bool IFeatureCollection.IsReadOnly => false;

    int IFeatureCollection.Revision => _revision;

    Socket IConnectionSocketFeature.Socket =>
        _connection.Socket ?? throw new ObjectDisposedException(nameof(Socket), "The connection was closed before its socket was asked for.");

    MemoryPool<byte> IMemoryPoolFeature.MemoryPool => _pool;

    object? IFeatureCollection.this[Type key]
    {
        get => Find(key);
        set => Set(key, value);
    }

    TFeature? IFeatureCollection.Get<TFeature>()
        where TFeature : default => (TFeature?)Find(typeof(TFeature));

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => Set(typeof(TFeature), instance);

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator()
    {
        foreach (var (type, feature) in _set)
        {
            if (feature is not null)
            {
                yield return new KeyValuePair<Type, object>(type, feature);
            }
        }

        foreach (var type in s_own)
        {
            if (IndexOf(type) < 0)
            {
                yield return new KeyValuePair<Type, object>(type, this);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<KeyValuePair<Type, object>>)this).GetEnumerator();

    private object? Find(Type type) =>
        IndexOf(type) is var index && index >= 0 ? _set[index].Value
        : Array.IndexOf(s_own, type) >= 0 ? this
        : null;

    private void Set(Type type, object? feature)
    {
        _revision++;
        var entry = new KeyValuePair<Type, object?>(type, feature);
        var index = IndexOf(type);
        if (index >= 0)
        {
            _set[index] = entry;
        }
        else
        {
            _set = [.. _set, entry];
        }
    }

    private int IndexOf(Type type) => Array.FindIndex(_set, entry => entry.Key == type);
}
