#pragma once
/* The comments of a YAML file, which its tree does not have, and the scalars they stand beside. */

#include "source.h"
#include "base/vec.h"

struct comment {
    uint32_t start, end; /* bytes of the file, from `#` to the end of the line */
    bool alone;          /* nothing but space stands before it on its line */
};

/* A scalar that is the value of a key. */
struct keyed_scalar {
    uint32_t key_start; /* bytes of the file */
    uint32_t start, end;
};

struct comments {
    VEC(struct comment) list;         /* by position */
    VEC(struct keyed_scalar) scalars; /* by position */
};

/* Collects them. Of text that is not YAML, what stands before the first fault. */
void comments_find(struct comments *comments, slice text);
void comments_fini(struct comments *comments);

/* The keyed scalar that holds this byte, or NULL. */
const struct keyed_scalar *comments_scalar_at(const struct comments *comments, uint32_t offset);
