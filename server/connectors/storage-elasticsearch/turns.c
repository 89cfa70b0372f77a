#include "storage-elasticsearch/turns.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

/* There is one while an operation on the name is under way. */
struct turn {
    struct list_link waiting;
    char name[];
};

void turns_init(struct turns *turns)
{
    hashmap_init(&turns->by_name);
}

void turns_fini(struct turns *turns)
{
    CHECK(turns->by_name.count == 0);
    hashmap_fini(&turns->by_name);
}

static void begin(struct turns *turns, ds_slice name)
{
    struct turn *turn = malloc(sizeof *turn + name.length);
    CHECK(turn != NULL);
    list_init(&turn->waiting);
    if (name.length > 0)
        memcpy(turn->name, name.at, name.length);
    hashmap_put(&turns->by_name, (slice){turn->name, name.length}, turn);
}

bool turns_enter(struct turns *turns, struct operation *operation)
{
    struct turn *turn = hashmap_find(&turns->by_name, operation->name);
    if (turn == NULL) {
        begin(turns, operation->name);
        return true;
    }
    list_append(&turn->waiting, &operation->link);
    return false;
}

static struct operation *take_first(struct turn *turn)
{
    struct operation *first = LIST_ITEM(turn->waiting.next, struct operation, link);
    list_remove(&first->link);
    return first;
}

struct operation *turns_leave(struct turns *turns, ds_slice name)
{
    struct turn *turn = hashmap_find(&turns->by_name, name);
    CHECK(turn != NULL);
    if (list_is_empty(&turn->waiting)) {
        hashmap_remove(&turns->by_name, name);
        free(turn);
        return NULL;
    }
    struct operation *next = take_first(turn);
    while (!list_is_empty(&turn->waiting) &&
           LIST_ITEM(turn->waiting.next, struct operation, link)->kind == next->kind)
        next = operation_join(next, take_first(turn));
    return next;
}
