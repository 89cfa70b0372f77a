#include "inbox.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)64 << 20)

bool inbox_open(struct inbox *inbox, uv_loop_t *loop, uv_async_cb on_news)
{
    *inbox = (struct inbox){.first = NULL};
    inbox->end = &inbox->first;
    if (uv_mutex_init(&inbox->mutex) != 0)
        return false;
    if (uv_async_init(loop, &inbox->wake, on_news) == 0)
        return true;
    uv_mutex_destroy(&inbox->mutex);
    return false;
}

void inbox_close(struct inbox *inbox, uv_close_cb on_closed)
{
    for (struct news *news = inbox_take(inbox), *next; news != NULL; news = next) {
        next = news->next;
        free(news);
    }
    uv_mutex_destroy(&inbox->mutex);
    uv_close((uv_handle_t *)&inbox->wake, on_closed);
}

bool inbox_put(struct inbox *inbox, enum news_kind kind, uint8_t topic, const char *text,
               size_t length)
{
    struct news *news = malloc(sizeof *news + length);
    if (news == NULL)
        abort();
    *news = (struct news){.kind = kind, .topic = topic, .length = length};
    if (length > 0)
        memcpy(news->text, text, length);
    uv_mutex_lock(&inbox->mutex);
    bool has_room = kind != NEWS_TEXT || inbox->bytes + length <= MOST_BYTES;
    if (has_room) {
        *inbox->end = news;
        inbox->end = &news->next;
        inbox->bytes += length;
    }
    uv_mutex_unlock(&inbox->mutex);
    if (has_room)
        uv_async_send(&inbox->wake);
    else
        free(news);
    return has_room;
}

struct news *inbox_take(struct inbox *inbox)
{
    uv_mutex_lock(&inbox->mutex);
    struct news *all = inbox->first;
    inbox->first = NULL;
    inbox->end = &inbox->first;
    inbox->bytes = 0;
    uv_mutex_unlock(&inbox->mutex);
    return all;
}
