#pragma once
/* Regular expressions of the rule language: ECMAScript syntax and meaning (valve.md 5.6), carried
 * out by PCRE2 where its meaning can be made the same, so that a pattern never surprises. */

#include "value.h"

struct regex;

struct regex_error {
    size_t offset; /* byte of the pattern, or of the flags when in_flags */
    bool in_flags;
    bool out_of_memory; /* it may be right, but is too large for its arena */
    char message[120];  /* "missing )", "flag g given twice", ... lower case */
};

struct regex_budget {
    uint64_t max_steps;      /* backtracking steps of one match */
    size_t max_memory_bytes; /* of backtracking state of one match */
};

enum regex_status {
    REGEX_OK,
    REGEX_TOO_COSTLY,    /* a budget of the match was exhausted */
    REGEX_OUT_OF_MEMORY, /* the arena was exhausted */
};

/* Compiles `/pattern/flags`. Both texts are borrowed for the call. Returns NULL and fills error
 * when JavaScript would refuse the pattern, or when it cannot be carried out faithfully (the
 * message then says what and why). The result is immutable and may be used by several threads at
 * once. */
struct regex *regex_new(slice pattern, slice flags, struct regex_error *error);

/* As regex_new without flags, for a pattern that is computed: everything is in the arena and
 * nothing is to be freed. It is quickly made, and matches without PCRE2. */
const struct regex *regex_new_in(struct arena *arena, slice pattern, struct regex_error *error);

void regex_free(struct regex **regex);

/* What text.match(regex) returns, in *result, allocated from arena: null, or a VALUE_MATCH
 * (valve.md 5.6, second table). `steps` grows by a measure of the work done. */
enum regex_status regex_match(const struct regex *regex, valve_value text,
                              struct regex_budget budget, struct arena *arena, uint64_t *steps,
                              valve_value *result);

/* Whether some subjects make a backtracking matcher take polynomial or exponential time in their
 * length; *offset and *length then name the part of the pattern that does. For the linter. */
bool regex_is_catastrophic(slice pattern, slice flags, size_t *offset, size_t *length);
