/* Flags, pattern and subject, a line each. Reads the pattern, runs both engines within budgets and
 * compares their answers; without flags the pattern is compiled again into an arena that may be too
 * small for it; the analysis for the linter must name a part of the pattern. */

#include "base/check.h"
#include "base/utf8.h"
#include "regex/regex_internal.h"

static slice take_line(slice *rest)
{
    const char *end = memchr(rest->at, '\n', rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->at);
    slice line = slice_part(*rest, 0, length);
    *rest = slice_part(*rest, end == NULL ? length : length + 1, rest->length);
    return line;
}

static void compare_items(const struct value_match *a, const struct value_match *b)
{
    CHECK(a->items.count == b->items.count);
    for (uint32_t i = 0; i < a->items.count; i++) {
        valve_value left = a->items.items[i], right = b->items.items[i];
        CHECK(left.type == right.type);
        CHECK(left.type != VALUE_TEXT || slice_equal(value_slice(left), value_slice(right)));
    }
}

static void compare_engines(const struct regex *regex, slice subject)
{
    struct regex_budget budget = {.max_steps = 20000, .max_memory_bytes = 1 << 20};
    struct arena arena;
    valve_value chosen, exact;
    uint64_t steps = 0;
    arena_init(&arena, (size_t)1 << 26);
    valve_value text = value_text(subject);
    if (regex_match_by(regex, text, budget, REGEX_BY_CHOICE, &arena, &steps, &chosen) == REGEX_OK &&
        regex_match_by(regex, text, budget, REGEX_BY_EXACT, &arena, &steps, &exact) == REGEX_OK) {
        CHECK(chosen.type == exact.type);
        if (chosen.type == VALUE_MATCH)
            compare_items(chosen.as.match, exact.as.match);
    }
    arena_fini(&arena);
}

static void check_computed(slice pattern, bool is_right, size_t limit)
{
    struct arena arena;
    struct regex_error error;
    arena_init(&arena, limit);
    const struct regex *regex = regex_new_in(&arena, pattern, &error);
    CHECK(is_right || regex == NULL);
    CHECK(!is_right || regex != NULL || error.out_of_memory);
    arena_fini(&arena);
}

static void check_analysis(slice pattern, slice flags)
{
    size_t offset, length;
    if (regex_is_catastrophic(pattern, flags, &offset, &length))
        CHECK(length > 0 && offset < pattern.length && length <= pattern.length - offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice rest = {(const char *)data, size};
    slice flags = take_line(&rest), pattern = take_line(&rest);
    struct regex_error error;
    if (!utf8_valid(rest, true))
        return 0;
    struct regex *regex = regex_new(pattern, flags, &error);
    if (flags.length == 0)
        check_computed(pattern, regex != NULL, 1 + rest.length * 64);
    if (regex == NULL) {
        CHECK(error.message[0] != '\0' &&
              error.offset <= (error.in_flags ? flags : pattern).length);
        return 0;
    }
    check_analysis(pattern, flags);
    compare_engines(regex, rest);
    regex_free(&regex);
    return 0;
}
