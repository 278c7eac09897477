using System.Text.Json;

namespace NetKit.Samples;

/// <summary>A settings file in JSON. It is read as if somebody had typed it: "ConnectTimeout": "5s" is --connect-timeout 5s.</summary>
internal sealed class SettingsFile
{
    private const string DefaultName = "appsettings.json";

    private readonly string _path;
    private readonly CommandLine _settings;

    private SettingsFile(string path, string json)
    {
        _path = path;
        _settings = Read(() => new CommandLine([.. WordsOf(json)]));
    }

    /// <summary>Reads the file that is named; when none is, the one of the current directory, if it has one.</summary>
    public static SettingsFile? Find(string? path)
    {
        try
        {
            return path is not null || File.Exists(DefaultName) ? new SettingsFile(path ?? DefaultName, File.ReadAllText(path ?? DefaultName)) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the settings cannot be read: {failure.Message}");
        }
    }

    /// <summary>Reads settings. What is wrong with them is reported with the name of the file.</summary>
    public T Read<T>(Func<CommandLine, T> read) => Read(() => read(_settings));

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (UsageException mistake)
        {
            throw new UsageException($"in {_path}, {mistake.Message}");
        }
    }

    private static List<string> WordsOf(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UsageException("there must be an object with the settings.");
            }

            return [.. document.RootElement.EnumerateObject().SelectMany(static setting => ValuesOf(setting).Select(value => $"{OptionOf(setting)}={value}"))];
        }
        catch (JsonException failure)
        {
            throw new UsageException($"there is no JSON: {failure.Message}");
        }
    }

    private static string OptionOf(JsonProperty setting) => $"--{JsonNamingPolicy.KebabCaseLower.ConvertName(setting.Name)}";

    private static IEnumerable<string> ValuesOf(JsonProperty setting) =>
        setting.Value.ValueKind == JsonValueKind.Array
            ? setting.Value.EnumerateArray().Select(value => ValueOf(setting, value))
            : [ValueOf(setting, setting.Value)];

    private static string ValueOf(JsonProperty setting, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw UsageException.For(OptionOf(setting), value.GetRawText(), "a string, a number, or a list of strings"),
    };
}
