#include "total.h"

#include <string.h>

/* Where the entry is; or else where it belongs: behind those of its topic. */
static size_t place_of(const struct total *total, const struct ds_message_count *message)
{
    size_t place = total->messages.count;
    for (size_t i = 0; i < total->messages.count; i++) {
        const struct ds_message_count *known = &total->messages.items[i];
        if (strcmp(known->topic, message->topic) != 0)
            continue;
        if (strcmp(known->action, message->action) == 0)
            return i;
        place = i + 1;
    }
    return place;
}

static bool is_same(const struct ds_message_count *a, const struct ds_message_count *b)
{
    return strcmp(a->topic, b->topic) == 0 && strcmp(a->action, b->action) == 0;
}

static void add_message(struct total *total, const struct ds_message_count *message)
{
    size_t place = place_of(total, message);
    if (place < total->messages.count && is_same(&total->messages.items[place], message)) {
        total->messages.items[place].received += message->received;
        total->messages.items[place].sent += message->sent;
        return;
    }
    VEC_PUSH(&total->messages, *message);
    memmove(&total->messages.items[place + 1], &total->messages.items[place],
            (total->messages.count - 1 - place) * sizeof *message);
    total->messages.items[place] = *message;
}

static void add_login(struct total *total, const struct ds_login_count *login)
{
    for (size_t i = 0; i < total->logins.count; i++) {
        struct ds_login_count *known = &total->logins.items[i];
        if (strcmp(known->endpoint, login->endpoint) != 0)
            continue;
        known->allowed += login->allowed;
        known->declined += login->declined;
        return;
    }
    VEC_PUSH(&total->logins, *login);
}

static void add_log(struct total *total, const struct ds_log_count *log)
{
    for (size_t i = 0; i < total->log.count; i++) {
        struct ds_log_count *known = &total->log.items[i];
        if (strcmp(known->event, log->event) != 0)
            continue;
        for (size_t level = 0; level <= DS_FATAL; level++)
            known->counts[level] += log->counts[level];
        return;
    }
    VEC_PUSH(&total->log, *log);
}

static void add_node(struct total *total, const struct ds_statistics *node)
{
    for (size_t i = 0; i < node->message_count; i++)
        add_message(total, &node->messages[i]);
    for (size_t i = 0; i < node->login_count; i++)
        add_login(total, &node->logins[i]);
    for (size_t i = 0; i < node->log_count; i++)
        add_log(total, &node->log[i]);
}

void total_take(struct total *total, const struct ds_statistics *const *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_node(total, nodes[i]);
    total->view = *nodes[0];
    total->view.messages = total->messages.items;
    total->view.message_count = total->messages.count;
    total->view.logins = total->logins.items;
    total->view.login_count = total->logins.count;
    total->view.log = total->log.items;
    total->view.log_count = total->log.count;
}

void total_fini(struct total *total)
{
    VEC_FREE(&total->messages);
    VEC_FREE(&total->logins);
    VEC_FREE(&total->log);
}
