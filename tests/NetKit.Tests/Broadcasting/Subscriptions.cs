namespace NetKit.Tests.Broadcasting;

/// <summary>What tests do with subscriptions.</summary>
internal static class Subscriptions
{
    public static List<T> TakeAll<T>(this Subscription<T> subscription)
    {
        List<T> items = [];
        while (subscription.TryRead(out var item))
        {
            items.Add(item);
        }

        return items;
    }
}
