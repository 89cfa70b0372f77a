#include "storage-elasticsearch/operation.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t operation_bytes(ds_slice name, ds_slice index, ds_slice id, const struct ds_record *record)
{
    return sizeof(struct operation) + name.length + index.length + id.length +
           (record == NULL ? 0 : record->data.length);
}

static char *copy_to(char *end, ds_slice bytes, ds_slice *copy)
{
    *copy = (ds_slice){end, bytes.length};
    if (bytes.length > 0)
        memcpy(end, bytes.at, bytes.length);
    return end + bytes.length;
}

struct operation *operation_new(enum operation_kind kind, ds_slice name, ds_slice index,
                                ds_slice id, const struct ds_record *record)
{
    size_t bytes = operation_bytes(name, index, id, record);
    struct operation *operation = malloc(bytes);
    CHECK(operation != NULL);
    *operation = (struct operation){.kind = kind, .bytes = bytes};
    list_init(&operation->link);
    list_init(&operation->riders);
    char *end = (char *)(operation + 1);
    end = copy_to(end, name, &operation->name);
    end = copy_to(end, index, &operation->index);
    end = copy_to(end, id, &operation->id);
    if (record != NULL) {
        operation->record.version = record->version;
        copy_to(end, record->data, &operation->record.data);
    }
    return operation;
}

static void ride(struct operation *on, struct operation *rider)
{
    while (!list_is_empty(&rider->riders)) {
        struct list_link *link = rider->riders.next;
        list_remove(link);
        list_append(&on->riders, link);
    }
    list_append(&on->riders, &rider->link);
}

struct operation *operation_join(struct operation *earlier, struct operation *later)
{
    bool is_obsolete =
        earlier->kind == OPERATION_SET && later->record.version >= earlier->record.version;
    struct operation *carried = is_obsolete ? later : earlier;
    ride(carried, is_obsolete ? earlier : later);
    return carried;
}

static void end_part(struct removal *removal, const char *error)
{
    if (error != NULL)
        snprintf(removal->error.text, sizeof removal->error.text, "%s", error);
    if (--removal->left > 0)
        return;
    removal->done(removal->context, removal->error.text[0] == '\0' ? NULL : removal->error.text);
    free(removal);
}

static size_t answer_one(struct operation *operation, const char *error,
                         const struct ds_record *record)
{
    size_t bytes = operation->bytes;
    if (operation->kind == OPERATION_GET)
        operation->on_record(operation->context, error, error == NULL ? record : NULL);
    else if (operation->kind == OPERATION_SET)
        operation->on_done(operation->context, error);
    else
        end_part(operation->removal, error);
    free(operation);
    return bytes;
}

size_t operation_answer(struct operation *operation, const char *error,
                        const struct ds_record *record)
{
    size_t bytes = 0;
    while (!list_is_empty(&operation->riders)) {
        struct operation *rider = LIST_ITEM(operation->riders.next, struct operation, link);
        list_remove(&rider->link);
        bytes += answer_one(rider, error, record);
    }
    list_remove(&operation->link);
    return bytes + answer_one(operation, error, record);
}
