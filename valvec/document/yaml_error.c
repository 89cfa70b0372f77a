/* What libyaml says, with the cause that a rule author most often has: a rule without quotes. */

#include "document/readers.h"

static uint32_t line_start(slice text, uint32_t byte)
{
    while (byte > 0 && text.at[byte - 1] != '\n' && text.at[byte - 1] != '\r')
        byte--;
    return byte;
}

static uint32_t line_end(slice text, uint32_t byte)
{
    while (byte < text.length && text.at[byte] != '\n' && text.at[byte] != '\r')
        byte++;
    return byte;
}

static uint32_t skip_spaces(slice text, uint32_t at, uint32_t end)
{
    while (at < end && (text.at[at] == ' ' || text.at[at] == '\t'))
        at++;
    return at;
}

static uint32_t trim_end(slice text, uint32_t start, uint32_t end)
{
    while (end > start && (text.at[end - 1] == ' ' || text.at[end - 1] == '\t'))
        end--;
    return end;
}

/* Past a quoted text that starts at `at`; end when it does not end on the line. */
static uint32_t skip_quoted(slice text, uint32_t at, uint32_t end)
{
    char quote = text.at[at++];
    while (at < end && text.at[at] != quote)
        at += text.at[at] == '\\' && quote == '"' ? 2 : 1;
    return at < end ? at + 1 : end;
}

/* Where the value of a line `key: value` starts; end when there is none. */
static uint32_t value_start(slice text, uint32_t start, uint32_t end)
{
    uint32_t at = skip_spaces(text, start, end);
    if (at < end && (text.at[at] == '"' || text.at[at] == '\''))
        at = skip_quoted(text, at, end);
    while (at < end && !(text.at[at] == ':' &&
                         (at + 1 == end || text.at[at + 1] == ' ' || text.at[at + 1] == '\t')))
        at++;
    return at < end ? skip_spaces(text, at + 1, end) : end;
}

static bool is_wrapped(slice value)
{
    char first = value.at[0], last = value.at[value.length - 1];
    return value.length > 1 && ((first == '[' && last == ']') || (first == '{' && last == '}'));
}

static bool is_quoted(slice value)
{
    if (value.at[0] != '"' && value.at[0] != '\'')
        return false;
    uint32_t end = skip_quoted(value, 0, (uint32_t)value.length);
    uint32_t rest = skip_spaces(value, end, (uint32_t)value.length);
    bool ends_in_quote = value.at[end - 1] == value.at[0] && end > 1;
    return ends_in_quote && (rest == value.length || value.at[rest] == '#');
}

static bool holds_colon(slice value)
{
    for (size_t i = 0; i + 1 < value.length; i++) {
        if (value.at[i] == ':' && (value.at[i + 1] == ' ' || value.at[i + 1] == '\t'))
            return true;
    }
    return false;
}

/* The value on the line of this byte, when it needs quotes and has none; empty otherwise. */
static slice unquoted_value(slice text, uint32_t byte)
{
    uint32_t start = line_start(text, byte), end = line_end(text, byte);
    uint32_t at = value_start(text, start, end);
    slice value = slice_part(text, at, trim_end(text, at, end));
    if (value.length == 0 || is_quoted(value) || is_wrapped(value))
        return (slice){0};
    bool is_suspicious = memchr("!'\"[{&*@%`", value.at[0], 10) != NULL || holds_colon(value);
    return is_suspicious ? value : (slice){0};
}

static bool is_tab_indented(slice text, uint32_t byte)
{
    uint32_t start = line_start(text, byte);
    uint32_t first = skip_spaces(text, start, line_end(text, byte));
    return memchr(text.at + start, '\t', first - start) != NULL;
}

/* The end of the previous line, where errors found at a line's start have their cause. */
static uint32_t previous_line(slice text, uint32_t byte)
{
    uint32_t at = line_start(text, byte);
    while (at > 0 && strchr(" \t\r\n", text.at[at - 1]) != NULL)
        at--;
    return at;
}

static slice suspicious_value(slice text, uint32_t byte)
{
    slice value = unquoted_value(text, byte);
    bool at_line_start = skip_spaces(text, line_start(text, byte), byte) == byte;
    return value.length == 0 && at_line_start ? unquoted_value(text, previous_line(text, byte))
                                              : value;
}

/* The line before, when a key stands on it without its colon; empty otherwise. */
static slice key_without_colon(slice text, uint32_t byte)
{
    uint32_t end = previous_line(text, byte), start = line_start(text, end);
    slice key = slice_part(text, skip_spaces(text, start, end), end);
    bool has_colon = value_start(text, start, end) != end || text.at[end - 1] == ':';
    return has_colon || key.at[0] == '#' || key.at[0] == '-' ? (slice){0} : key;
}

static bool is_missing_colon(slice text, uint32_t byte, const char *problem)
{
    return strstr(problem, "mapping values are not allowed") != NULL &&
           previous_line(text, byte) > 0 && key_without_colon(text, byte).length > 0;
}

void yaml_report(const struct mapped_text *text, uint32_t byte, const char *problem,
                 struct diagnostics *diagnostics)
{
    uint32_t end = byte + (byte < text->text.length);
    if (text->text.length > 0 && is_tab_indented(text->text, byte)) {
        diagnose_text(diagnostics, DIAG_YAML_TAB, text, byte, end);
        return;
    }
    slice value = suspicious_value(text->text, byte);
    if (value.length == 0 && is_missing_colon(text->text, byte, problem)) {
        slice key = key_without_colon(text->text, byte);
        uint32_t start = (uint32_t)(key.at - text->text.at);
        diagnose_text(diagnostics, DIAG_YAML_COLON, text, start, start + (uint32_t)key.length,
                      SLICE_ARGUMENTS(key), SLICE_ARGUMENTS(key));
        return;
    }
    if (value.length == 0) {
        diagnose_text(diagnostics, DIAG_YAML_SYNTAX, text, byte, end, problem);
        return;
    }
    uint32_t start = (uint32_t)(value.at - text->text.at);
    diagnose_text(diagnostics, DIAG_YAML_UNQUOTED, text, start, start + (uint32_t)value.length,
                  problem);
}
