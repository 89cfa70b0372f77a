/* Calls are copied, take effect when they are answered, and are answered in their order. */

#include "support/store_double.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct store_call {
    enum store_call_kind kind;
    bool is_storage;
    char **names;
    size_t count;
    int32_t version, expected;
    char *data;
    union {
        ds_record_done *record;
        ds_set_done *set;
        ds_heads_done *heads;
        ds_done *plain;
    } done;
    void *context;
};

static char *text_copy(slice text)
{
    char *copy = malloc(text.length + 1);
    CHECK(copy != NULL);
    if (text.length > 0)
        memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

/* ---- entries ---- */

static struct store_entry *find(const struct store_double *store, const char *name)
{
    for (size_t i = 0; i < store->entries.count; i++) {
        if (strcmp(store->entries.items[i].name, name) == 0)
            return &store->entries.items[i];
    }
    return NULL;
}

static void drop(struct store_double *store, const char *name)
{
    struct store_entry *entry = find(store, name);
    if (entry == NULL)
        return;
    free(entry->name);
    free(entry->data);
    *entry = store->entries.items[--store->entries.count];
}

void store_put(struct store_double *store, const char *name, int32_t version, const char *data)
{
    drop(store, name);
    if (data == NULL)
        return;
    struct store_entry entry = {text_copy(slice_of(name)), version, text_copy(slice_of(data))};
    VEC_PUSH(&store->entries, entry);
}

int32_t store_version(const struct store_double *store, const char *name, const char **data)
{
    const struct store_entry *entry = find(store, name);
    if (data != NULL)
        *data = entry == NULL ? NULL : entry->data;
    return entry == NULL ? DS_MISSING : entry->version;
}

int32_t store_reported(const struct store_double *store, const char *name)
{
    int32_t version = DS_MISSING;
    for (size_t i = 0; i < store->reported.count; i++) {
        const struct store_entry *entry = &store->reported.items[i];
        if (strcmp(entry->name, name) == 0 && entry->version > version)
            version = entry->version;
    }
    return version;
}

/* ---- answers ---- */

/* A record in memory of its own, freed after the callback. */
static char *lend(const struct store_double *store, const char *name, struct ds_record *record)
{
    const char *data;
    int32_t version = store_version(store, name, &data);
    slice text = data == NULL ? SLICE("") : slice_of(data);
    char *lent = text_copy(text);
    *record = (struct ds_record){version, {lent, text.length}};
    return lent;
}

static void answer_get(struct store_double *store, struct store_call *call, const char *error)
{
    struct ds_record record;
    char *lent = lend(store, call->names[0], &record);
    call->done.record(call->context, error, error == NULL ? &record : NULL);
    memset(lent, '?', record.data.length);
    free(lent);
}

static void answer_cache_set(struct store_double *store, struct store_call *call, const char *error)
{
    struct ds_record there;
    if (store->before_set != NULL)
        store->before_set(store);
    char *lent = lend(store, call->names[0], &there);
    bool fits = call->expected == DS_ANY_VERSION || call->expected == there.version;
    if (error == NULL && fits)
        store_put(store, call->names[0], call->version, call->data);
    call->done.set(call->context, error, error == NULL && !fits ? &there : NULL);
    memset(lent, '?', there.data.length);
    free(lent);
}

static void answer_set(struct store_double *store, struct store_call *call, const char *error)
{
    if (!call->is_storage) {
        answer_cache_set(store, call, error);
        return;
    }
    if (error == NULL && call->version >= store_version(store, call->names[0], NULL))
        store_put(store, call->names[0], call->version, call->data);
    call->done.plain(call->context, error);
}

static void answer_remove(struct store_double *store, struct store_call *call, const char *error)
{
    for (size_t i = 0; error == NULL && i < call->count; i++)
        drop(store, call->names[i]);
    call->done.plain(call->context, error);
}

static void answer_heads(struct store_double *store, struct store_call *call, const char *error)
{
    int32_t *versions = malloc((call->count + 1) * sizeof *versions);
    CHECK(versions != NULL);
    for (size_t i = 0; i < call->count; i++)
        versions[i] = store_version(store, call->names[i], NULL);
    call->done.heads(call->context, error, error == NULL ? versions : NULL);
    free(versions);
}

static void call_free(struct store_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        free(call->names[i]);
    free(call->names);
    free(call->data);
    free(call);
}

static void answer(struct store_double *store, struct store_call *call)
{
    static void (*const answers[])(struct store_double *, struct store_call *, const char *) = {
        [STORE_GET] = answer_get,
        [STORE_SET] = answer_set,
        [STORE_REMOVE] = answer_remove,
        [STORE_HEADS] = answer_heads,
    };
    answers[call->kind](store, call, store->errors[call->kind]);
    call_free(call);
}

bool store_answer(struct store_double *store)
{
    if (store->waiting.count == 0)
        return false;
    struct store_call *oldest = store->waiting.items[0];
    store->waiting.count--;
    memmove(store->waiting.items, store->waiting.items + 1,
            store->waiting.count * sizeof(struct store_call *));
    answer(store, oldest);
    return true;
}

void store_double_fini(struct store_double *store)
{
    while (store->entries.count > 0)
        drop(store, store->entries.items[0].name);
    for (size_t i = 0; i < store->reported.count; i++)
        free(store->reported.items[i].name);
    for (size_t i = 0; i < store->waiting.count; i++)
        call_free(store->waiting.items[i]);
    VEC_FREE(&store->entries);
    VEC_FREE(&store->reported);
    VEC_FREE(&store->waiting);
}

/* ---- calls ---- */

static struct store_call *call_new(enum store_call_kind kind, const ds_slice *names, size_t count,
                                   void *context)
{
    struct store_call *call = calloc(1, sizeof *call);
    CHECK(call != NULL);
    call->kind = kind;
    call->context = context;
    call->count = count;
    call->names = calloc(count + 1, sizeof *call->names);
    CHECK(call->names != NULL);
    for (size_t i = 0; i < count; i++)
        call->names[i] = text_copy(names[i]);
    return call;
}

static bool share_a_name(const struct store_call *one, const struct store_call *other)
{
    for (size_t i = 0; i < one->count; i++) {
        for (size_t j = 0; j < other->count; j++) {
            if (strcmp(one->names[i], other->names[j]) == 0)
                return true;
        }
    }
    return false;
}

static bool must_wait(const struct store_double *store, const struct store_call *call)
{
    if (store->is_late[call->kind])
        return true;
    for (size_t i = 0; store->keeps_order && i < store->waiting.count; i++) {
        if (share_a_name(store->waiting.items[i], call))
            return true;
    }
    return false;
}

static void make(struct store_double *store, struct store_call *call)
{
    store->calls[call->kind]++;
    if (must_wait(store, call))
        VEC_PUSH(&store->waiting, call);
    else
        answer(store, call);
}

static void get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct store_call *call = call_new(STORE_GET, &name, 1, context);
    call->done.record = done;
    make(self, call);
}

static void cache_set(void *self, ds_slice name, const struct ds_record *record, int32_t expected,
                      ds_set_done *done, void *context)
{
    struct store_call *call = call_new(STORE_SET, &name, 1, context);
    call->version = record->version;
    call->data = text_copy(record->data);
    call->expected = expected;
    call->done.set = done;
    make(self, call);
}

static void storage_set(void *self, ds_slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    struct store_call *call = call_new(STORE_SET, &name, 1, context);
    call->is_storage = true;
    call->version = record->version;
    call->data = text_copy(record->data);
    call->done.plain = done;
    make(self, call);
}

static void heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                  void *context)
{
    struct store_call *call = call_new(STORE_HEADS, names, count, context);
    call->done.heads = done;
    make(self, call);
}

static void removed(void *self, const ds_slice *names, size_t count, ds_done *done, void *context)
{
    struct store_call *call = call_new(STORE_REMOVE, names, count, context);
    call->done.plain = done;
    make(self, call);
}

static void stored(void *self, ds_slice name, int32_t version)
{
    struct store_double *store = self;
    struct store_entry entry = {text_copy(name), version, NULL};
    VEC_PUSH(&store->reported, entry);
}

const struct ds_cache_operations store_double_cache = {
    .get = get, .set = cache_set, .heads = heads, .remove = removed, .stored = stored};

const struct ds_storage_operations store_double_storage = {
    .get = get, .set = storage_set, .remove = removed};
