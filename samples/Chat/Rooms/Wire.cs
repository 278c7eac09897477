using System.Text.Encodings.Web;
using System.Text.Json;

namespace NetKit.Samples;

/// <summary>Writes what clients are told: one JSON object a message, by its "type".</summary>
internal static class Wire
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Message(string id, string from, string text) => Write("message", (id, from, text), static (json, told) =>
    {
        json.WriteString("id", told.id);
        json.WriteString("from", told.from);
        json.WriteString("text", told.text);
    });

    public static byte[] Welcome(string id, string room, string name, int count, TimeSpan session) => Write("welcome", (id, room, name, count, session), static (json, told) =>
    {
        json.WriteString("id", told.id);
        json.WriteString("room", told.room);
        json.WriteString("name", told.name);
        json.WriteNumber("count", told.count);
        if (told.session != Timeout.InfiniteTimeSpan)
        {
            json.WriteNumber("sessionSeconds", told.session.TotalSeconds);
        }
    });

    public static byte[] Count(int count) => Write("count", count, static (json, count) => json.WriteNumber("count", count));

    public static byte[] Notice(string text) => Write("notice", text, static (json, text) => json.WriteString("text", text));

    private static byte[] Write<T>(string type, T told, Action<Utf8JsonWriter, T> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            write(json, told);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
