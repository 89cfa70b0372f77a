#include "redis/command.h"

void redis_command_append(struct buf *out, const slice *words, size_t count)
{
    buf_printf(out, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "$%zu\r\n", words[i].length);
        if (words[i].length > 0)
            buf_append(out, words[i]);
        buf_append(out, SLICE("\r\n"));
    }
}
