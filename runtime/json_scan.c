/* Reads JSON text member by member; see json_scan.h. No recursion. */

#include "json_scan.h"

#include "json_simple.h"

static bool fail(struct json_scan *scan, const char *message)
{
    if (scan->cursor.message == NULL)
        scan->cursor.message = message;
    scan->cursor.at = scan->cursor.end;
    return false;
}

void json_scan_init(struct json_scan *scan, slice text, struct arena *arena)
{
    *scan =
        (struct json_scan){.cursor = {.at = text.at, .end = text.at + text.length, .arena = arena}};
}

int json_scan_peek(struct json_scan *scan)
{
    const char *at = scan->cursor.at, *end = scan->cursor.end;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    scan->cursor.at = at;
    return at < end ? (unsigned char)*at : -1;
}

/* ---- containers and keys ---- */

bool json_scan_enter(struct json_scan *scan, char open)
{
    if (json_scan_peek(scan) != open)
        return fail(scan, open == '{' ? "expected an object" : "expected a list");
    scan->cursor.at++;
    scan->is_first = true;
    return true;
}

bool json_scan_more(struct json_scan *scan, char close)
{
    int next = json_scan_peek(scan);
    bool was_first = scan->is_first;
    scan->is_first = false;
    if (next == close) {
        scan->cursor.at++;
        return false;
    }
    if (was_first)
        return next >= 0 || fail(scan, "unexpected end");
    if (next != ',')
        return fail(scan, "expected a comma or the end");
    scan->cursor.at++;
    return true;
}

bool json_scan_text(struct json_scan *scan, slice *text)
{
    valve_value value;
    if (json_scan_peek(scan) != '"')
        return fail(scan, "expected a string");
    if (!json_read_string(&scan->cursor, &value))
        return fail(scan, "malformed string");
    *text = value_slice(value);
    return true;
}

bool json_scan_key(struct json_scan *scan, slice *key)
{
    if (!json_scan_text(scan, key))
        return false;
    if (json_scan_peek(scan) != ':')
        return fail(scan, "expected a colon");
    scan->cursor.at++;
    return true;
}

/* ---- values that are passed over ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (json_is_digit(at, end))
        at++;
    return at;
}

/* Moves past digits, of which there must be one. */
static bool skip_some_digits(struct json_scan *scan)
{
    const char *after = skip_digits(scan->cursor.at, scan->cursor.end);
    if (after == scan->cursor.at)
        return fail(scan, "expected a digit");
    scan->cursor.at = after;
    return true;
}

static bool next_is(const struct json_scan *scan, char lower)
{
    return scan->cursor.at < scan->cursor.end && (*scan->cursor.at | 0x20) == lower;
}

static bool skip_exponent(struct json_scan *scan)
{
    if (!next_is(scan, 'e'))
        return true;
    scan->cursor.at++;
    if (scan->cursor.at < scan->cursor.end && (*scan->cursor.at == '+' || *scan->cursor.at == '-'))
        scan->cursor.at++;
    return skip_some_digits(scan);
}

static bool skip_number(struct json_scan *scan)
{
    struct json_cursor *cursor = &scan->cursor;
    if (*cursor->at == '-')
        cursor->at++;
    if (cursor->at < cursor->end && *cursor->at == '0')
        cursor->at++;
    else if (!skip_some_digits(scan))
        return false;
    if (cursor->at < cursor->end && *cursor->at == '.') {
        cursor->at++;
        if (!skip_some_digits(scan))
            return false;
    }
    return skip_exponent(scan);
}

static bool skip_word(struct json_scan *scan, slice word)
{
    slice rest = {scan->cursor.at, (size_t)(scan->cursor.end - scan->cursor.at)};
    if (!slice_starts_with(rest, word))
        return fail(scan, "expected a value");
    scan->cursor.at += word.length;
    return true;
}

static bool skip_scalar(struct json_scan *scan, int first)
{
    slice text;
    switch (first) {
    case '"':
        return json_scan_text(scan, &text);
    case 't':
        return skip_word(scan, SLICE("true"));
    case 'f':
        return skip_word(scan, SLICE("false"));
    case 'n':
        return skip_word(scan, SLICE("null"));
    default:
        if (first == '-' || (first >= '0' && first <= '9'))
            return skip_number(scan);
        return fail(scan, "expected a value");
    }
}

struct nesting {
    char closes[JSON_SCAN_MAX_DEPTH]; /* what each open container ends with */
    unsigned depth;
};

static bool open_container(struct json_scan *scan, struct nesting *nesting, int open)
{
    if (nesting->depth == JSON_SCAN_MAX_DEPTH)
        return fail(scan, "nested too deeply");
    nesting->closes[nesting->depth++] = open == '{' ? '}' : ']';
    return json_scan_enter(scan, (char)open);
}

/* Moves out of the containers that end here, and to the next item of the one that does not. */
static bool find_item(struct json_scan *scan, struct nesting *nesting)
{
    while (nesting->depth > 0 && !json_scan_more(scan, nesting->closes[nesting->depth - 1])) {
        if (scan->cursor.message != NULL)
            return false;
        nesting->depth--;
    }
    slice key;
    bool is_member = nesting->depth > 0 && nesting->closes[nesting->depth - 1] == '}';
    return !is_member || json_scan_key(scan, &key);
}

static bool skip_value(struct json_scan *scan)
{
    struct nesting nesting = {.depth = 0};
    do {
        int first = json_scan_peek(scan);
        bool is_container = first == '{' || first == '[';
        if (!(is_container ? open_container(scan, &nesting, first) : skip_scalar(scan, first)) ||
            !find_item(scan, &nesting))
            return false;
    } while (nesting.depth > 0);
    scan->is_first = false;
    return true;
}

bool json_scan_value(struct json_scan *scan, slice *text)
{
    json_scan_peek(scan);
    const char *start = scan->cursor.at;
    struct arena_mark mark = arena_mark(scan->cursor.arena); /* nobody wants the decoded strings */
    bool is_value = skip_value(scan);
    arena_reset(scan->cursor.arena, mark);
    *text = (slice){start, (size_t)(scan->cursor.at - start)};
    return is_value;
}

bool json_scan_end(struct json_scan *scan)
{
    if (scan->cursor.message != NULL)
        return false;
    return json_scan_peek(scan) < 0 || fail(scan, "something follows the value");
}
