using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetKit.Samples;

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LoadResult))]
internal sealed partial class LoadResultJson : JsonSerializerContext
{
    public static string Write(LoadResult result) => JsonSerializer.Serialize(result, Default.LoadResult) + "\n";
}
