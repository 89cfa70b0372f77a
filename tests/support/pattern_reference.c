#include "support/pattern_reference.h"

#include "base/check.h"
#include "base/utf8.h"

/* Bit i: position i, before unit i. */
typedef uint64_t positions;

struct matcher {
    slice path;
    size_t at;
    const struct reference_name *name;
};

bool reference_name_init(struct reference_name *name, slice text)
{
    name->count = 0;
    for (size_t i = 0; i < text.length;) {
        size_t start = i;
        uint32_t c = utf8_next(text, &i);
        if (name->count + 2 > REFERENCE_MAX_UNITS)
            return false;
        name->offsets[name->count] = (uint32_t)start;
        if (c > 0xFFFF) {
            name->units[name->count++] = (uint16_t)(0xD7C0 + (c >> 10));
            name->offsets[name->count] = (uint32_t)start;
            c = 0xDC00 + (c & 0x3FF);
        }
        name->units[name->count++] = (uint16_t)c;
    }
    name->offsets[name->count] = (uint32_t)text.length;
    return true;
}

static bool is_terminator(uint32_t unit)
{
    return unit == '\n' || unit == '\r' || unit == 0x2028 || unit == 0x2029;
}

static bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool more(const struct matcher *matcher)
{
    return matcher->at < matcher->path.length;
}

static bool next_is(const struct matcher *matcher, char c)
{
    return more(matcher) && matcher->path.at[matcher->at] == c;
}

static bool in_escape(char letter, uint32_t unit)
{
    bool digit = unit >= '0' && unit <= '9';
    bool small = unit >= 'a' && unit <= 'z', large = unit >= 'A' && unit <= 'Z';
    if (letter == 'd')
        return digit;
    if (letter == 'w')
        return digit || small || large || unit == '_';
    if (letter == 's')
        return (unit >= 9 && unit <= 13) || unit == ' ' || unit == 0xA0 || unit == 0x1680 ||
               (unit >= 0x2000 && unit <= 0x200A) || is_terminator(unit) || unit == 0x202F ||
               unit == 0x205F || unit == 0x3000 || unit == 0xFEFF;
    return unit == (unsigned char)letter;
}

/* Whether unit is in the class whose first member is at matcher->at; moves behind the `]`. `*` and
 * `.` in it are themselves: the `.*` that a star becomes has both. */
static bool in_class(struct matcher *matcher, uint32_t unit)
{
    bool negative = next_is(matcher, '^'), found = false;
    matcher->at += negative;
    while (!next_is(matcher, ']')) {
        char letter = matcher->path.at[matcher->at];
        if (letter == '\\') {
            found |= in_escape(matcher->path.at[matcher->at + 1], unit);
            matcher->at += 2;
            continue;
        }
        uint32_t low = utf8_next(matcher->path, &matcher->at), high = low;
        found |= letter == '*' && unit == '.';
        if (next_is(matcher, '-') && matcher->path.at[matcher->at + 1] != ']') {
            matcher->at++;
            high = utf8_next(matcher->path, &matcher->at);
        }
        found |= unit >= low && unit <= high;
    }
    matcher->at++;
    return found != negative;
}

static positions match_alternatives(struct matcher *matcher, positions from);

/* One unit at a time: where `from` leads by the atom at matcher->at, which is no group. */
static positions match_unit(struct matcher *matcher, positions from)
{
    const struct reference_name *name = matcher->name;
    size_t start = matcher->at, end = start;
    positions to = 0;
    uint32_t character = utf8_next(matcher->path, &end);
    for (uint32_t i = 0; i <= name->count; i++) {
        uint32_t unit = i < name->count ? name->units[i] : UINT32_MAX;
        bool matches;
        matcher->at = start;
        if (character == '[') {
            matcher->at++;
            matches = in_class(matcher, unit);
        } else if (character == '\\') {
            matcher->at += 2;
            matches = in_escape(matcher->path.at[start + 1], unit);
        } else {
            matcher->at = end;
            matches = character == '.' ? !is_terminator(unit) : unit == character;
        }
        if (i < name->count && matches)
            to |= (from >> i & 1) << (i + 1);
    }
    return to;
}

static positions match_run(const struct reference_name *name, positions from, bool star)
{
    positions to = star ? from : 0;
    for (uint32_t i = 0; i < name->count; i++) {
        uint32_t unit = name->units[i];
        bool passes = star ? !is_terminator(unit) : unit != '/';
        if (passes && ((from | to) >> i & 1))
            to |= (positions)1 << (i + 1);
    }
    return to;
}

static void skip_variable(struct matcher *matcher)
{
    matcher->at++;
    while (more(matcher) && is_name_character(matcher->path.at[matcher->at]))
        matcher->at++;
}

/* A character beyond U+FFFF is two atoms; a quantifier behind it belongs to the second. */
static positions match_pair(struct matcher *matcher, positions from, uint32_t character)
{
    const struct reference_name *name = matcher->name;
    positions to = 0;
    for (uint32_t i = 0; i + 1 < name->count; i++)
        if (name->units[i] == 0xD7C0 + (character >> 10) &&
            name->units[i + 1] == 0xDC00 + (character & 0x3FF))
            to |= (from >> i & 1) << (i + 2);
    return to;
}

static positions match_atom(struct matcher *matcher, positions from)
{
    if (next_is(matcher, '$') && matcher->at + 1 < matcher->path.length) {
        skip_variable(matcher);
        return match_run(matcher->name, from, false);
    }
    if (next_is(matcher, '$')) {
        matcher->at++;
        return from & (positions)1 << matcher->name->count;
    }
    if (next_is(matcher, '^')) {
        matcher->at++;
        return from & 1;
    }
    if (next_is(matcher, '*')) {
        matcher->at++;
        return match_run(matcher->name, from, true);
    }
    if (next_is(matcher, '(')) {
        bool silent = matcher->path.at[matcher->at + 1] == '?';
        matcher->at += silent ? 3 : 1;
        positions to = match_alternatives(matcher, from);
        matcher->at++;
        return to;
    }
    size_t end = matcher->at;
    uint32_t character = utf8_next(matcher->path, &end);
    if (character <= 0xFFFF)
        return match_unit(matcher, from);
    matcher->at = end;
    return match_pair(matcher, from, character);
}

static positions match_again(struct matcher *matcher, size_t start, positions from)
{
    size_t end = matcher->at;
    matcher->at = start;
    positions to = match_atom(matcher, from);
    matcher->at = end;
    return to;
}

static uint32_t read_number(struct matcher *matcher)
{
    uint32_t number = 0;
    while (more(matcher) && matcher->path.at[matcher->at] >= '0' &&
           matcher->path.at[matcher->at] <= '9')
        number = number * 10 + (uint32_t)(matcher->path.at[matcher->at++] - '0');
    return number;
}

/* Reads + ? {n} {n,} {n,m}; false when there is no quantifier. */
static bool read_quantifier(struct matcher *matcher, uint32_t *min, uint32_t *max)
{
    if (next_is(matcher, '+') || next_is(matcher, '?')) {
        bool plus = matcher->path.at[matcher->at++] == '+';
        *min = plus ? 1 : 0;
        *max = plus ? UINT32_MAX : 1;
        return true;
    }
    if (!next_is(matcher, '{'))
        return false;
    matcher->at++;
    *min = *max = read_number(matcher);
    if (next_is(matcher, ',')) {
        matcher->at++;
        *max = next_is(matcher, '}') ? UINT32_MAX : read_number(matcher);
    }
    matcher->at++;
    return true;
}

static positions match_term(struct matcher *matcher, positions from)
{
    size_t start = matcher->at;
    bool star = next_is(matcher, '*');
    positions once = match_atom(matcher, from), to = from;
    uint32_t min, max;
    if (star && next_is(matcher, '?')) { /* lazy: matches the same */
        matcher->at++;
        return once;
    }
    if (!read_quantifier(matcher, &min, &max))
        return once;
    if (next_is(matcher, '?'))
        matcher->at++;
    for (uint32_t i = 0; i < min; i++)
        to = match_again(matcher, start, to);
    for (uint32_t i = min; i < max; i++) {
        positions further = to | match_again(matcher, start, to);
        if (further == to)
            break;
        to = further;
    }
    return to;
}

static positions match_alternatives(struct matcher *matcher, positions from)
{
    positions to = 0, current = from;
    while (more(matcher) && !next_is(matcher, ')')) {
        if (next_is(matcher, '|')) {
            matcher->at++;
            to |= current;
            current = from;
        } else {
            current = match_term(matcher, current);
        }
    }
    return to | current;
}

bool reference_matches(slice path, const struct reference_name *name)
{
    struct matcher matcher = {.path = path, .name = name};
    positions to = match_alternatives(&matcher, 1);
    CHECK(matcher.at == path.length);
    return to >> name->count & 1;
}

/* The end of a class, an escape, a quantifier or one other byte; path.length + 1: not read here. */
static size_t skip_read(slice path, size_t i)
{
    struct matcher matcher = {.path = path, .at = i};
    uint32_t min, max;
    if (path.at[i] == '\\')
        return i + 1 < path.length && strchr("dws.+?()[]{}|^$/", path.at[i + 1]) != NULL
                   ? i + 2
                   : path.length + 1;
    if (path.at[i] == '[') {
        for (i++; i < path.length && path.at[i] != ']'; i++)
            if (path.at[i] == '\\' || path.at[i] == '$')
                return path.length + 1;
        return i + 1;
    }
    if (path.at[i] == '{') {
        size_t digits = strspn(path.at + i + 1, "0123456789");
        bool read = digits > 0 && digits < 3 && read_quantifier(&matcher, &min, &max) &&
                    path.at[matcher.at - 1] == '}';
        return read ? matcher.at : path.length + 1;
    }
    bool group = path.at[i] == '(' && i + 1 < path.length && path.at[i + 1] == '?';
    if (group)
        return i + 2 < path.length && path.at[i + 2] == ':' ? i + 3 : path.length + 1;
    bool after_pair =
        (path.at[i] == '+' || path.at[i] == '?') && i > 0 && (unsigned char)path.at[i - 1] >= 0x80;
    return after_pair || path.at[i] == '}' || path.at[i] == ']' ? path.length + 1 : i + 1;
}

bool reference_reads(slice path)
{
    size_t i = 0;
    while (i < path.length)
        i = skip_read(path, i);
    return i == path.length;
}

bool reference_is_plain(slice path)
{
    for (size_t i = 0; i < path.length; i++)
        if (strchr("+?[]{}()|^\\", path.at[i]) != NULL)
            return false;
    return path.length > 0 && path.at[path.length - 1] != '$';
}

/* Tries the ends of one part from the last one down; the rest of the path decides. */
static uint32_t longest_end(slice rest, const struct reference_name *name, positions ends)
{
    for (uint32_t end = name->count + 1; end-- > 0;) {
        struct matcher matcher = {.path = rest, .name = name};
        if (!(ends >> end & 1))
            continue;
        if (match_alternatives(&matcher, (positions)1 << end) >> name->count & 1)
            return end;
    }
    return UINT32_MAX;
}

bool reference_captures(slice path, const struct reference_name *name, uint32_t (*captures)[2])
{
    struct matcher matcher = {.path = path, .name = name};
    uint32_t position = 0, variable = 0;
    while (more(&matcher)) {
        bool is_variable = next_is(&matcher, '$');
        positions ends = match_atom(&matcher, (positions)1 << position);
        uint32_t end = longest_end(slice_part(path, matcher.at, path.length), name, ends);
        if (end == UINT32_MAX)
            return false;
        if (is_variable) {
            captures[variable][0] = position;
            captures[variable++][1] = end;
        }
        position = end;
    }
    return position == name->count;
}
