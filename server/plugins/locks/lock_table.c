#include "plugins/locks/lock_table.h"

#include "base/check.h"

void lock_table_init(struct lock_table *table, uint64_t hold_ms)
{
    hashmap_init(&table->by_name);
    list_init(&table->in_order);
    table->hold_ms = hold_ms;
}

void lock_table_fini(struct lock_table *table)
{
    lock_table_drop_all(table);
    hashmap_fini(&table->by_name);
}

static struct held_lock *held_new(slice name, slice holder)
{
    struct held_lock *held = malloc(sizeof *held + name.length + holder.length);
    CHECK(held != NULL);
    if (name.length > 0)
        memcpy(held->bytes, name.at, name.length);
    if (holder.length > 0)
        memcpy(held->bytes + name.length, holder.at, holder.length);
    held->name = (slice){held->bytes, name.length};
    held->holder = (slice){held->bytes + name.length, holder.length};
    return held;
}

static void end(struct lock_table *table, struct held_lock *held)
{
    hashmap_remove(&table->by_name, held->name);
    list_remove(&held->link);
    free(held);
}

bool lock_table_take(struct lock_table *table, slice name, slice holder, double id, uint64_t now_ms)
{
    if (hashmap_find(&table->by_name, name) != NULL)
        return false;
    struct held_lock *held = held_new(name, holder);
    held->id = id;
    held->ends_ms = now_ms + table->hold_ms;
    list_append(&table->in_order, &held->link);
    hashmap_put(&table->by_name, held->name, held);
    return true;
}

static struct held_lock *find(const struct lock_table *table, slice name, slice holder, double id)
{
    struct held_lock *held = hashmap_find(&table->by_name, name);
    bool is_theirs =
        held != NULL && slice_equal(held->holder, holder) && (id == 0 || id == held->id);
    return is_theirs ? held : NULL;
}

void lock_table_renew(struct lock_table *table, slice name, slice holder, double id,
                      uint64_t now_ms)
{
    struct held_lock *held = find(table, name, holder, id);
    if (held == NULL)
        return;
    held->ends_ms = now_ms + table->hold_ms;
    list_remove(&held->link);
    list_append(&table->in_order, &held->link);
}

void lock_table_release(struct lock_table *table, slice name, slice holder, double id)
{
    struct held_lock *held = find(table, name, holder, id);
    if (held != NULL)
        end(table, held);
}

void lock_table_drop_holder(struct lock_table *table, slice holder)
{
    for (struct list_link *at = table->in_order.next, *next; at != &table->in_order; at = next) {
        next = at->next;
        struct held_lock *held = LIST_ITEM(at, struct held_lock, link);
        if (slice_equal(held->holder, holder))
            end(table, held);
    }
}

void lock_table_drop_all(struct lock_table *table)
{
    while (!list_is_empty(&table->in_order))
        lock_table_end_first(table);
}

const struct held_lock *lock_table_first(const struct lock_table *table)
{
    return list_is_empty(&table->in_order)
               ? NULL
               : LIST_ITEM(table->in_order.next, struct held_lock, link);
}

void lock_table_end_first(struct lock_table *table)
{
    end(table, LIST_ITEM(table->in_order.next, struct held_lock, link));
}
