#pragma once
/* Rule expressions out of arbitrary bytes: each byte is one choice, and when they are used up only
 * short leaves are chosen, so every input gives an expression that ends. All of the language is
 * within reach; what the bytes spell always parses. */

#include "base/buf.h"
#include "base/slice.h"

void make_expression(slice choices, struct buf *out);
