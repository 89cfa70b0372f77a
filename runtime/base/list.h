#pragma once
/* A ring of links that live inside the things linked. The list itself is a link that belongs to no
 * thing:  struct list_link sessions; list_init(&sessions); list_append(&sessions, &session->link);
 *         for (struct list_link *at = sessions.next; at != &sessions; at = at->next)
 *             struct session *session = LIST_ITEM(at, struct session, link);
 * A link is in one list at most. Removing the current one in a loop: remember at->next first. */

#include <stdbool.h>
#include <stddef.h>

struct list_link {
    struct list_link *next, *previous;
};

#define LIST_ITEM(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* An empty list, or a link that is in no list. */
static inline void list_init(struct list_link *link)
{
    link->next = link->previous = link;
}

/* Whether the list has no items; of a link: whether it is in no list. */
static inline bool list_is_empty(const struct list_link *list)
{
    return list->next == list;
}

static inline void list_append(struct list_link *list, struct list_link *link)
{
    link->next = list;
    link->previous = list->previous;
    list->previous->next = link;
    list->previous = link;
}

/* Takes the link out of its list; one that is in none stays so. */
static inline void list_remove(struct list_link *link)
{
    link->next->previous = link->previous;
    link->previous->next = link->next;
    list_init(link);
}
