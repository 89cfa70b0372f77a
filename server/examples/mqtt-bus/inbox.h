#pragma once
/* What one thread hands over to the loop: texts and changes of the connection, in their order. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum news_kind { NEWS_TEXT, NEWS_CONNECTED, NEWS_LOST };

struct news {
    struct news *next;
    enum news_kind kind;
    uint8_t topic; /* of a text */
    size_t length;
    char text[];
};

struct inbox {
    uv_async_t wake;
    uv_mutex_t mutex;
    struct news *first, **end; /* under the mutex, as the next one */
    size_t bytes;
};

/* on_news runs on the loop once something is there; it takes it with inbox_take. */
bool inbox_open(struct inbox *inbox, uv_loop_t *loop, uv_async_cb on_news);

/* On the loop, when no other thread puts anything in any more. */
void inbox_close(struct inbox *inbox, uv_close_cb on_closed);

/* On any thread. Returns false when so much waits already that a text is dropped. */
bool inbox_put(struct inbox *inbox, enum news_kind kind, uint8_t topic, const char *text,
               size_t length);

/* On the loop: all that is there, the oldest first; the caller frees each. */
struct news *inbox_take(struct inbox *inbox);
