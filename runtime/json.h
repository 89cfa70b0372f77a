#pragma once
/* JSON text (RFC 8259) <-> values. Strict, bounded, no recursion.
 *
 * Numbers are doubles; of duplicate keys the last wins; "__proto__" is an ordinary key; escapes may
 * form lone surrogates, which are kept (valve.md 4.1). The text itself must be UTF-8. */

#include "value.h"
#include "base/buf.h"

struct json_limits {
    uint32_t max_depth; /* of nested arrays and objects */
};

struct json_error {
    size_t offset;       /* byte where reading stopped */
    const char *message; /* static, lower case: "expected a value", "nested too deeply", ... */
};

/* Reads one JSON value that spans all of text. Allocates only from arena; texts without escapes are
 * slices of `text`, which must live as long as the value. Returns false and fills error (unless
 * NULL) when text is not JSON, is nested too deeply, or the arena is exhausted ("out of memory").
 */
bool json_read(slice text, struct json_limits limits, struct arena *arena, valve_value *value,
               struct json_error *error);

/* Appends value as JSON in JavaScript's compact form. What JSON cannot say is written as an object
 * with the one key "$": {"$":"undefined"}, {"$":"NaN"}, {"$":"Infinity"}, {"$":"-Infinity"},
 * {"$":"-0"}. A match result is written as its array. Lone surrogates are written as escapes. */
void json_write(struct buf *buf, valve_value value);

/* As json_write, for documents that others read: plain JSON, as JavaScript writes it. -0 is 0; what
 * JSON cannot say is null. */
void json_write_plain(struct buf *buf, valve_value value);

/* Appends text as a JSON string with its quotes. */
void json_write_text(struct buf *buf, slice text);
