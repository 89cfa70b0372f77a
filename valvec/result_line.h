#pragma once
/* The result of a request as a line of JSON. */

#include "decide.h"
#include "base/buf.h"

/* Appends the result without a line feed:
 *   {"decision":"allow","value":true,"pattern":"a/$x","rule":"record/read","line":3,"column":5,
 *    "rounds":1,"loaded":[]}
 * and "message" when there is an error. */
void result_line_append(struct buf *out, const struct request *request,
                        const struct decision *decision);

/* The same of a request line that could not be understood. */
void result_line_append_unreadable(struct buf *out, slice message);
