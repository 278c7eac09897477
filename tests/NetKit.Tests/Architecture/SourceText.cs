using System.Text;

namespace NetKit.Tests.Architecture;

/// <summary>Reduces C# to its code: comments, strings and character literals go; the code inside interpolated strings stays.</summary>
internal sealed class SourceText
{
    private readonly string _source;
    private readonly StringBuilder _code = new();
    private int _at;

    private SourceText(string source) => _source = source;

    public static string CodeOf(string source)
    {
        var text = new SourceText(source);
        text.ReadCode(insideString: false);
        return text._code.ToString();
    }

    private char Now => _at < _source.Length ? _source[_at] : '\0';

    private bool Sees(string words) => string.CompareOrdinal(_source, _at, words, 0, words.Length) == 0;

    private void ReadCode(bool insideString)
    {
        var depth = 0;
        while (_at < _source.Length)
        {
            if (Sees("//"))
            {
                SkipTo("\n");
            }
            else if (Sees("/*"))
            {
                SkipTo("*/");
            }
            else if (Now == '\'')
            {
                SkipCharacter();
            }
            else if (!TryReadString())
            {
                depth += Now switch { '{' => 1, '}' => -1, _ => 0 };
                if (insideString && depth < 0)
                {
                    return;
                }

                _code.Append(_source[_at++]);
            }
        }
    }

    private void SkipTo(string end)
    {
        var index = _source.IndexOf(end, _at, StringComparison.Ordinal);
        _at = index < 0 ? _source.Length : index + end.Length;
        _code.Append('\n');
    }

    private void SkipCharacter()
    {
        _at++;
        while (Now is not ('\'' or '\0'))
        {
            _at += Now == '\\' ? 2 : 1;
        }

        _at++;
    }

    private bool TryReadString()
    {
        var look = _at;
        while (look < _source.Length && _source[look] is '$' or '@')
        {
            look++;
        }

        if (look >= _source.Length || _source[look] != '"')
        {
            return false;
        }

        var prefix = _source[_at..look];
        _at = look;
        ReadString(prefix.Count(letter => letter == '$'), prefix.Contains('@'));
        return true;
    }

    private void ReadString(int dollars, bool verbatim)
    {
        var quotes = Run('"');
        var raw = quotes >= 3;
        if (quotes == 2)
        {
            _at += 2;
            return;
        }

        _at += quotes;
        while (_at < _source.Length)
        {
            if (Now == '"' && verbatim && Run('"') >= 2)
            {
                _at += 2;
            }
            else if (Now == '"' && (!raw || Run('"') >= quotes))
            {
                _at += raw ? Run('"') : 1;
                return;
            }
            else if (Now == '\\' && !raw && !verbatim)
            {
                _at += 2;
            }
            else if (Now == '{' && dollars > 0)
            {
                ReadHole(raw ? dollars : 1, raw);
            }
            else
            {
                _at++;
            }
        }
    }

    private void ReadHole(int braces, bool raw)
    {
        var run = Run('{');
        var opens = raw ? run >= braces : run % 2 == 1;
        _at += run;
        if (!opens)
        {
            return;
        }

        _code.Append(' ');
        ReadCode(insideString: true);
        _at += braces;
        _code.Append(' ');
    }

    private int Run(char letter)
    {
        var end = _at;
        while (end < _source.Length && _source[end] == letter)
        {
            end++;
        }

        return end - _at;
    }
}
