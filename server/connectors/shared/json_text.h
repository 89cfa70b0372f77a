#pragma once
/* JSON text, written piece by piece. */

#include "base/buf.h"
#include "base/slice.h"

/* Appends a text in quotes, escaped as JSON.stringify() does. text is UTF-8, which nobody checks.
 */
void json_append_text(struct buf *buf, slice text);

/* Appends a number, as a short decimal that reads back as the same double; `null` when it is not
 * finite. */
void json_append_number(struct buf *buf, double number);
