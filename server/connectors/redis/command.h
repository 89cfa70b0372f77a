#pragma once
/* Commands as they are sent: an array of bulk strings (RESP2). */

#include "base/buf.h"

void redis_command_append(struct buf *out, const slice *words, size_t count);
