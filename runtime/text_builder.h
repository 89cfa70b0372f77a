#pragma once
/* A text in the making, in the memory of an evaluation. Append parts, then take the text; every
 * function that returns bool fails when the text passes the option max_text_bytes or memory runs
 * out. */

#include "evaluation.h"
#include "value.h"

struct text_builder {
    struct evaluation *evaluation;
    char *at;
    size_t length;
    size_t capacity;
    bool ascii; /* nothing else was appended so far */
};

/* Starts an empty text with room for `capacity` bytes (a guess; it may grow). */
bool text_builder_init(struct text_builder *builder, struct evaluation *evaluation,
                       size_t capacity);

/* Makes room for `size` more bytes. */
bool text_builder_reserve(struct text_builder *builder, size_t size);

/* Halves of a surrogate pair that meet where two parts join become one character. */
bool text_builder_append(struct text_builder *builder, valve_value text);
bool text_builder_append_ascii(struct text_builder *builder, slice bytes);

valve_value text_builder_take(const struct text_builder *builder);
