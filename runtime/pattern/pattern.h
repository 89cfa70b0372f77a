#pragma once
/* Path patterns (valve.md 2): a path text such as `chat/$room` becomes a small automaton; many of
 * them together become an index whose look-up time does not grow with the patterns that cannot
 * match. Matching is over UTF-16 units, linear in the name, and never backtracks. */

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

#define PATTERN_MAX_VARIABLES 32
#define PATTERN_NONE UINT32_MAX

struct pattern; /* one parsed path; lives in the arena it was parsed into */

struct pattern_error {
    size_t offset; /* byte of the path text */
    size_t length;
    char message[120]; /* "path can't start with /", "invalid variable name $-", "missing )", ... */
};

/* A regular-expression character that the author may have meant literally (valve.md 2.1). */
struct pattern_remark {
    size_t offset, length;
};

/* Parses a path. text is borrowed as long as the pattern lives. Returns NULL and fills error when
 * it is no valid path, or uses what an automaton cannot do (look-around, back references). */
struct pattern *pattern_parse(slice text, struct arena *arena, struct pattern_error *error);

slice pattern_text(const struct pattern *pattern);
uint32_t pattern_utf16_length(const struct pattern *pattern);

/* Variables by position; names without the $. Names may repeat: the last one of a name counts. */
uint32_t pattern_variable_count(const struct pattern *pattern);
slice pattern_variable_name(const struct pattern *pattern, uint32_t i);

/* The i-th character that has regular-expression meaning; false when there is none. Not `*`, and
 * not the `$` of a variable. */
bool pattern_remark(const struct pattern *pattern, uint32_t i, struct pattern_remark *remark);

/* Whether every name that `narrow` matches is also matched by `wide`: true only when proven. For
 * the linter; not on any hot path. */
bool pattern_covers(const struct pattern *wide, const struct pattern *narrow);

/* Where variable i was found: bytes of the name. A capture that begins or ends in the middle of a
 * UTF-16 pair gives the whole character there; a variable that took no part, as $x of `a|$x` for
 * the name `a`, has at == NULL (JavaScript: undefined). Fills pattern_variable_count entries.
 * `scratch` is for a bounded amount of work space, which is given back. Returns false only when the
 * name does not match or scratch is exhausted. */
bool pattern_capture(const struct pattern *pattern, slice name, struct arena *scratch,
                     slice *captures);

/* When the pattern is a text that is matched literally and then one variable, or a variable alone:
 * the bytes before the variable, which is then the rest of each name that matches. Otherwise
 * PATTERN_NONE. */
uint32_t pattern_tail(const struct pattern *pattern);

/* ---- an index over the patterns of one section ---- */

struct pattern_index;

/* Builds an index; patterns[i] keeps the number i. Priority: the longer text (UTF-16 units) first,
 * of equal length the higher number (valve.md 2.2). The patterns must outlive the index.
 * Returns NULL when the arena is exhausted. */
struct pattern_index *pattern_index_new(const struct pattern *const *patterns, uint32_t count,
                                        struct arena *arena);

/* The first pattern by priority that matches name and for which wanted[number] is set (a bit set of
 * count bits), or PATTERN_NONE; that too when scratch is exhausted, so that nothing undecided is
 * allowed. Does not allocate outside scratch, and gives back what it took. */
uint32_t pattern_index_find(const struct pattern_index *index, slice name, const uint64_t *wanted,
                            struct arena *scratch);

/* Whether the pattern `*` certainly matches name; false: it must be looked up. */
bool pattern_star_matches(slice name);
