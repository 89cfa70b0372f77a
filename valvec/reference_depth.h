#pragma once
/* The nesting depth of cross references (valve.md 6.2 item 3), counted while a tree is walked: a
 * call of `_` is one deeper than the deepest call in its arguments. */

#include "ast.h"
#include "base/vec.h"

struct reference_depth {
    VEC(uint32_t) deepest; /* so far, inside each call of `_` that the walk is in */
};

static inline void reference_depth_enter(struct reference_depth *depth)
{
    VEC_PUSH(&depth->deepest, 0);
}

/* The depth of the call that the walk leaves. */
static inline uint32_t reference_depth_leave(struct reference_depth *depth)
{
    uint32_t own = depth->deepest.items[--depth->deepest.count] + 1;
    if (depth->deepest.count > 0) {
        uint32_t *outer = &depth->deepest.items[depth->deepest.count - 1];
        *outer = own > *outer ? own : *outer;
    }
    return own;
}
