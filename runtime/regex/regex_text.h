#pragma once
/* The subject of a match: a text as the engines want it, and the way back from their positions. */

#include "regex/regex_program.h"

struct regex_text {
    slice bytes;
    bool ascii; /* then positions are bytes */
    struct regex_subject subject;
    const uint32_t *offsets; /* of each element in bytes; one more for a low surrogate of a pair */
};

/* Prepares; elements are code points with unicode, else UTF-16 units. False: arena exhausted. */
bool regex_text_init(struct regex_text *text, valve_value value, bool unicode, struct arena *arena);

/* The place in the bytes that stands for a position of the subject. */
static inline uint32_t regex_text_place(const struct regex_text *text, uint32_t position)
{
    return text->ascii || position == REGEX_UNSET ? position : text->offsets[position];
}

/* The text between two places, a slice where no pair of surrogates is cut. False: exhausted. */
bool regex_text_between(const struct regex_text *text, uint32_t start, uint32_t end,
                        struct arena *arena, valve_value *part);

/* The UTF-16 index of a place. */
uint32_t regex_text_index(const struct regex_text *text, uint32_t place);
