/* Where the variables of a pattern are in a name that matches. Most patterns leave no choice: a
 * variable next to a slash or an end of the name is found by looking for that slash. What is left
 * between two such places is still simple when literals separate its variables and stars; all the
 * rest is left to the program. */

#include "pattern/pattern_internal.h"

#include "base/utf8.h"

/* What is still open: elements first..last-1 over bytes start..end-1. */
struct span {
    const struct element *elements;
    slice name;
    uint32_t first, last;
    size_t start, end;
    uint32_t first_variable, last_variable; /* variables of the elements first..last-1 */
    slice *captures;
};

static bool starts_with_slash(const struct span *span, uint32_t i)
{
    return span->elements[i].kind == ELEMENT_LITERAL && span->elements[i].text.at[0] == '/';
}

static bool ends_with_slash(const struct span *span, uint32_t i)
{
    slice text = span->elements[i].text;
    return span->elements[i].kind == ELEMENT_LITERAL && text.at[text.length - 1] == '/';
}

static bool take_first_literal(struct span *span)
{
    slice text = span->elements[span->first].text;
    if (!slice_starts_with(slice_part(span->name, span->start, span->end), text))
        return false;
    span->start += text.length;
    span->first++;
    return true;
}

static bool take_last_literal(struct span *span)
{
    slice text = span->elements[span->last - 1].text;
    if (text.length > span->end - span->start ||
        memcmp(span->name.at + span->end - text.length, text.at, text.length) != 0)
        return false;
    span->end -= text.length;
    span->last--;
    return true;
}

/* The first variable is followed by a slash, or by nothing. */
static bool take_first_variable(struct span *span)
{
    const char *at = span->name.at + span->start;
    size_t length = span->end - span->start;
    const char *slash = length > 0 ? memchr(at, '/', length) : NULL;
    bool followed = span->first + 1 < span->last;
    if (followed != (slash != NULL))
        return false;
    if (slash != NULL)
        length = (size_t)(slash - at);
    if (length == 0)
        return false;
    span->captures[span->first_variable++] = (slice){at, length};
    span->start += length;
    span->first++;
    return true;
}

/* The last variable stands behind a slash. */
static bool take_last_variable(struct span *span)
{
    size_t start = span->end;
    while (start > span->start && span->name.at[start - 1] != '/')
        start--;
    if (start == span->end || start == span->start)
        return false;
    span->captures[--span->last_variable] = slice_part(span->name, start, span->end);
    span->end = start;
    span->last--;
    return true;
}

/* A dot takes one unit; only ASCII is decided here. */
static bool is_simple_dot(const struct span *span, uint32_t i, size_t at)
{
    unsigned char byte = at < span->end ? (unsigned char)span->name.at[at] : '\n';
    return span->elements[i].kind == ELEMENT_DOT && byte < 0x80 && byte != '\n' && byte != '\r';
}

/* Takes from the left as long as there is no choice. False: the name does not match. */
static bool take_left(struct span *span)
{
    while (span->first < span->last) {
        const struct element *element = &span->elements[span->first];
        bool alone = span->first + 1 == span->last;
        if (element->kind == ELEMENT_LITERAL) {
            if (!take_first_literal(span))
                return false;
        } else if (element->kind == ELEMENT_VARIABLE &&
                   (alone || starts_with_slash(span, span->first + 1))) {
            if (!take_first_variable(span))
                return false;
        } else if (is_simple_dot(span, span->first, span->start)) {
            span->start++;
            span->first++;
        } else {
            return true;
        }
    }
    return span->start == span->end;
}

static bool take_right(struct span *span)
{
    while (span->first < span->last) {
        const struct element *element = &span->elements[span->last - 1];
        if (element->kind == ELEMENT_LITERAL) {
            if (!take_last_literal(span))
                return false;
        } else if (element->kind == ELEMENT_VARIABLE && span->last - span->first > 1 &&
                   ends_with_slash(span, span->last - 2)) {
            if (!take_last_variable(span))
                return false;
        } else if (span->end > span->start && is_simple_dot(span, span->last - 1, span->end - 1)) {
            span->end--;
            span->last--;
        } else {
            return true;
        }
    }
    return span->start == span->end;
}

static bool has_terminator(slice text)
{
    for (size_t i = 0; i < text.length;) {
        uint32_t c = utf8_next(text, &i);
        if (c <= REGEX_MAX_UNIT && !regex_set_has(&pattern_set_not_terminator, c))
            return true;
    }
    return false;
}

/* Whether every variable and star may match every part of what is left, literals separate them, and
 * only the first and the last element are none: then each literal stands as far right as it can. */
static bool is_simple(const struct span *span)
{
    slice rest = slice_part(span->name, span->start, span->end);
    bool has_star = false, has_variable = false;
    for (uint32_t i = span->first; i < span->last; i++) {
        enum element_kind kind = span->elements[i].kind;
        bool literal = (i - span->first) % 2 == 1;
        if (kind == ELEMENT_DOT || (kind == ELEMENT_LITERAL) != literal)
            return false;
        has_star |= kind == ELEMENT_STAR;
        has_variable |= kind == ELEMENT_VARIABLE;
    }
    bool slash = rest.length > 0 && memchr(rest.at, '/', rest.length) != NULL;
    return !(has_variable && slash) && !(has_star && has_terminator(rest));
}

/* The last place of literal in name before end, with at least `before` bytes in front of it. */
static bool find_last(slice name, size_t start, size_t end, slice literal, size_t *found)
{
    if (end - start < literal.length)
        return false;
    for (size_t i = end - literal.length + 1; i-- > start;)
        if (memcmp(name.at + i, literal.at, literal.length) == 0) {
            *found = i;
            return true;
        }
    return false;
}

/* Gives the last element of a simple span, and the literal before it, their places. */
static bool take_simple(struct span *span)
{
    bool variable = span->elements[span->last - 1].kind == ELEMENT_VARIABLE;
    size_t start = span->start, after = span->start;
    if (span->last - span->first > 1) {
        slice literal = span->elements[span->last - 2].text;
        size_t latest = span->end;
        if (variable && latest > span->start)
            latest--;
        if (!find_last(span->name, span->start, latest, literal, &start))
            return false;
        after = start + literal.length;
    }
    if (variable && after == span->end)
        return false;
    if (variable)
        span->captures[--span->last_variable] = slice_part(span->name, after, span->end);
    span->end = start;
    span->last -= span->last - span->first > 1 ? 2 : 1;
    return true;
}

enum fast_status { FAST_DONE, FAST_NO_MATCH, FAST_UNDECIDED };

static enum fast_status capture_fast(const struct pattern *pattern, slice name, slice *captures)
{
    struct span span = {.elements = pattern->elements,
                        .name = name,
                        .last = pattern->element_count,
                        .end = name.length,
                        .last_variable = pattern->variable_count,
                        .captures = captures};
    if (!take_left(&span))
        return FAST_NO_MATCH;
    if (span.first == span.last)
        return FAST_DONE;
    if (!take_right(&span))
        return FAST_NO_MATCH;
    if (span.first == span.last)
        return FAST_DONE;
    if (!is_simple(&span))
        return FAST_UNDECIDED;
    while (span.first < span.last)
        if (!take_simple(&span))
            return FAST_NO_MATCH;
    return FAST_DONE;
}

/* The byte of a unit; in the middle of a character its start, or its end with round_up. */
static size_t byte_of_unit(slice name, uint32_t unit, bool round_up)
{
    size_t i = 0;
    for (uint32_t seen = 0; seen < unit;) {
        size_t start = i;
        seen += utf8_next(name, &i) > REGEX_MAX_UNIT ? 2 : 1;
        if (seen > unit && !round_up)
            return start;
    }
    return i;
}

static bool capture_by_program(const struct pattern_program *program, uint32_t variable_count,
                               slice name, struct arena *scratch, slice *captures)
{
    struct units units;
    uint32_t *slots = arena_try_alloc(scratch, program->slot_count * sizeof *slots + 1);
    if (slots == NULL || !pattern_units_decode(name, scratch, &units) ||
        pattern_program_run(program, units, slots, scratch) != RUN_MATCH)
        return false;
    for (uint32_t i = 0; i < variable_count; i++) {
        captures[i] = (slice){NULL, 0};
        if (slots[2 * i] == SLOT_UNSET)
            continue;
        size_t start = byte_of_unit(name, slots[2 * i], false);
        captures[i] = slice_part(name, start, byte_of_unit(name, slots[2 * i + 1], true));
    }
    return true;
}

static bool capture_slow(const struct pattern *pattern, slice name, struct arena *scratch,
                         slice *captures)
{
    const struct pattern_program *program =
        pattern->program != NULL ? pattern->program : pattern->captures;
    return program != NULL &&
           capture_by_program(program, pattern->variable_count, name, scratch, captures);
}

/* The same way as take_left and take_right, without a name; what a dot takes depends on it. */
bool pattern_leaves_choice(const struct pattern *pattern)
{
    struct span span = {.elements = pattern->elements, .last = pattern->element_count};
    for (; span.first < span.last; span.first++) {
        bool alone = span.first + 1 == span.last;
        enum element_kind kind = span.elements[span.first].kind;
        if (kind != ELEMENT_LITERAL &&
            !(kind == ELEMENT_VARIABLE && (alone || starts_with_slash(&span, span.first + 1))))
            break;
    }
    for (; span.first < span.last; span.last--) {
        bool alone = span.last - span.first == 1;
        enum element_kind kind = span.elements[span.last - 1].kind;
        if (kind != ELEMENT_LITERAL &&
            !(kind == ELEMENT_VARIABLE && !alone && ends_with_slash(&span, span.last - 2)))
            break;
    }
    return span.first < span.last;
}

uint32_t pattern_tail(const struct pattern *pattern)
{
    uint32_t count = pattern->element_count;
    const struct element *elements = pattern->elements;
    if (pattern->program != NULL || count == 0 || count > 2 ||
        elements[count - 1].kind != ELEMENT_VARIABLE)
        return PATTERN_NONE;
    if (count == 1)
        return 0;
    return elements[0].kind == ELEMENT_LITERAL ? (uint32_t)elements[0].text.length : PATTERN_NONE;
}

bool pattern_capture(const struct pattern *pattern, slice name, struct arena *scratch,
                     slice *captures)
{
    if (pattern->program == NULL) {
        enum fast_status status = capture_fast(pattern, name, captures);
        if (status != FAST_UNDECIDED)
            return status == FAST_DONE;
    }
    struct arena_mark mark = arena_mark(scratch);
    bool captured = capture_slow(pattern, name, scratch, captures);
    arena_reset(scratch, mark);
    return captured;
}
