/* Names that were deleted a moment ago, here or at another node. An update of another node may have
 * been on its way when its record was deleted. When the record is made again, its versions begin
 * anew, and nothing tells whether that update is of the old or of the new one: whoever has
 * subscribers then reads what stands there. */

#include "handlers/record/record_internal.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

#define KEPT_MS 20000 /* a bus that is silent for so long is taken for lost */
#define MOST_NAMES 100000

struct deletion {
    struct list_link in_order; /* the one deleted longest ago first */
    uint64_t at_ms;
    size_t length;
    char name[];
};

struct deletions {
    uv_loop_t *loop;
    struct hashmap names; /* name -> struct deletion, which holds the key */
    struct list_link in_order;
};

struct deletions *deletions_new(uv_loop_t *loop)
{
    struct deletions *deletions = calloc(1, sizeof *deletions);
    CHECK(deletions != NULL);
    deletions->loop = loop;
    hashmap_init(&deletions->names);
    list_init(&deletions->in_order);
    return deletions;
}

static void forget(struct deletions *deletions, struct deletion *deletion)
{
    hashmap_remove(&deletions->names, (slice){deletion->name, deletion->length});
    list_remove(&deletion->in_order);
    free(deletion);
}

static struct deletion *oldest(const struct deletions *deletions)
{
    return LIST_ITEM(deletions->in_order.next, struct deletion, in_order);
}

static void forget_old(struct deletions *deletions)
{
    uint64_t now = uv_now(deletions->loop);
    while (!list_is_empty(&deletions->in_order) &&
           (now - oldest(deletions)->at_ms > KEPT_MS || deletions->names.count > MOST_NAMES))
        forget(deletions, oldest(deletions));
}

void deletions_free(struct deletions **deletions)
{
    while (!list_is_empty(&(*deletions)->in_order))
        forget(*deletions, oldest(*deletions));
    hashmap_fini(&(*deletions)->names);
    free(*deletions);
    *deletions = NULL;
}

static struct deletion *deletion_new(struct deletions *deletions, slice name)
{
    struct deletion *deletion = malloc(sizeof *deletion + name.length);
    CHECK(deletion != NULL);
    *deletion = (struct deletion){.length = name.length};
    if (name.length > 0)
        memcpy(deletion->name, name.at, name.length);
    list_init(&deletion->in_order);
    hashmap_put(&deletions->names, (slice){deletion->name, name.length}, deletion);
    return deletion;
}

void deletions_note(struct deletions *deletions, slice name)
{
    struct deletion *deletion = hashmap_find(&deletions->names, name);
    if (deletion == NULL)
        deletion = deletion_new(deletions, name);
    deletion->at_ms = uv_now(deletions->loop);
    list_remove(&deletion->in_order);
    list_append(&deletions->in_order, &deletion->in_order);
    forget_old(deletions);
}

bool deletions_have(struct deletions *deletions, slice name)
{
    forget_old(deletions);
    return hashmap_find(&deletions->names, name) != NULL;
}
