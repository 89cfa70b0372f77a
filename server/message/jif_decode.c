/* Items of an HTTP batch -> messages, by the forms of jif_forms.def. */

#include "message/jif.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "json.h"

enum jif_data { DATA_NONE, DATA_ANY, DATA_ANY_OR_NONE, DATA_CONTAINER, DATA_TEXTS };
enum jif_member { MEMBER_NEVER, MEMBER_MAYBE, MEMBER_ALWAYS };

struct form {
    const char *topic, *action;
    const char *name, *names;
    enum jif_data data;
    enum jif_member path, version;
    uint8_t message_topic;
    uint16_t message_action;
};

static const struct form forms[] = {
#define JIF_FORM(topic, action, name, names, data, path, version, TOPIC, ACTION)                   \
    {topic,         action,           name,          names,           DATA_##data,                 \
     MEMBER_##path, MEMBER_##version, TOPIC_##TOPIC, TOPIC##_##ACTION},
#include "jif_forms.def"
#undef JIF_FORM
};

static const valve_value *find(const struct value_object *item, const char *key)
{
    return value_object_find(item, slice_of(key));
}

/* ---- what members may be ---- */

/* Lone surrogates, which escapes may form, could not be sent on. */
static bool is_text(const valve_value *value)
{
    return value != NULL && value->type == VALUE_TEXT && utf8_valid(value_slice(*value), false);
}

static bool is_name(const valve_value *value)
{
    return is_text(value) && value->length > 0;
}

static bool is_texts(const valve_value *value)
{
    if (value == NULL || value->type != VALUE_ARRAY)
        return false;
    for (uint32_t i = 0; i < value->as.array->count; i++)
        if (!is_text(&value->as.array->items[i]))
            return false;
    return true;
}

static bool is_version(const valve_value *value)
{
    return value->type == VALUE_NUMBER && value->as.number >= -1 && value->as.number <= INT32_MAX &&
           value->as.number == (int32_t)value->as.number;
}

static bool is_data(enum jif_data kind, const valve_value *data)
{
    switch (kind) {
    case DATA_ANY_OR_NONE:
        return true;
    case DATA_NONE:
    case DATA_ANY:
        return data != NULL;
    case DATA_CONTAINER:
        return data != NULL && (data->type == VALUE_OBJECT || data->type == VALUE_ARRAY);
    case DATA_TEXTS:
        return is_texts(data);
    }
    return false;
}

static bool is_word(const valve_value *value, const char *word)
{
    return value != NULL && value->type == VALUE_TEXT &&
           slice_equal(value_slice(*value), slice_of(word));
}

/* Every member that it has to have, and no other. */
static bool fits(const struct form *form, const struct value_object *item)
{
    uint32_t known = 2; /* topic and action */
    if (!is_word(find(item, "topic"), form->topic) || !is_word(find(item, "action"), form->action))
        return false;
    if (form->name != NULL && (known++, !is_name(find(item, form->name))))
        return false;
    if (form->names != NULL && (known++, !is_texts(find(item, form->names))))
        return false;
    if (form->data != DATA_NONE) {
        const valve_value *data = find(item, "data");
        if (!is_data(form->data, data))
            return false;
        known += data != NULL;
    }
    if (form->path == MEMBER_ALWAYS && (known++, !is_text(find(item, "path"))))
        return false;
    const valve_value *version = find(item, "version");
    if (form->version == MEMBER_MAYBE && version != NULL && (known++, !is_version(version)))
        return false;
    return item->count == known;
}

/* ---- the message ---- */

static bool set_names(valve_value list, struct arena *arena, struct message *message)
{
    uint32_t count = list.as.array->count;
    slice *names = arena_try_alloc(arena, count * sizeof *names);
    if (names == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        names[i] = value_slice(list.as.array->items[i]);
    message_set_names(message, names, count);
    return true;
}

/* As JavaScript writes it: what the original stores and sends. */
static bool set_data(valve_value data, struct arena *arena, struct message *message)
{
    struct buf text = BUF_EMPTY;
    json_write_plain(&text, data);
    char *copy = arena_try_alloc(arena, text.length);
    if (copy != NULL) {
        memcpy(copy, text.at, text.length);
        MESSAGE_SET(message, data, ((slice){copy, text.length}));
    }
    buf_fini(&text);
    return copy != NULL;
}

/* Version 0 is none, as -1 is: the write counts whatever is there. */
static void set_write(const struct value_object *item, struct message *message)
{
    const valve_value *version = find(item, "version");
    const valve_value *path = find(item, "path");
    int32_t number = version == NULL ? -1 : (int32_t)version->as.number;
    MESSAGE_SET(message, version, number == 0 ? -1 : number);
    MESSAGE_SET(message, is_write_ack, true);
    if (path == NULL)
        return;
    if (path->length > 0)
        MESSAGE_SET(message, path, value_slice(*path));
    else
        message->action = RECORD_CREATEANDUPDATE;
}

static bool make(const struct form *form, const struct value_object *item, struct arena *arena,
                 struct message *message)
{
    const valve_value *data = form->data == DATA_NONE ? NULL : find(item, "data");
    *message = MESSAGE(form->message_topic, form->message_action);
    if (form->name != NULL)
        MESSAGE_SET(message, name, value_slice(*find(item, form->name)));
    if (form->version == MEMBER_MAYBE)
        set_write(item, message);
    if (data != NULL && !set_data(*data, arena, message))
        return false;
    return form->names == NULL || set_names(*find(item, form->names), arena, message);
}

/* ---- what is wrong ----
 * The original tells the first thing that keeps an item from being an event, whatever it is meant
 * to be, and only if that is a member that lacks or has the wrong type. Clients may show it. */

static bool has_other_members(const struct value_object *item)
{
    uint32_t known = find(item, "data") != NULL;
    static const char *const keys[] = {"topic", "action", "eventName"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        known += find(item, keys[i]) != NULL;
    return item->count > known;
}

/* In the order in which the original looks at them. */
static void explain_object(const struct value_object *item, struct buf *reason)
{
    static const struct {
        const char *key, *word;
    } members[] = {{"topic", "event"}, {"action", "emit"}, {"eventName", NULL}};
    if (has_other_members(item))
        return;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const valve_value *member = find(item, members[i].key);
        if (member == NULL) {
            buf_printf(reason, "property '%s' is required for topic '%s'", members[i].key,
                       i == 0 ? "undefined" : "event");
            return;
        }
        if (members[i].word != NULL && !is_word(member, members[i].word))
            return;
    }
    const valve_value *name = find(item, "eventName");
    if (name->type != VALUE_TEXT)
        buf_append_text(reason, "property '.eventName' should be string");
    else if (name->length == 0)
        buf_append_text(reason, "property '.eventName' should NOT be shorter than 1 characters");
}

static void explain(valve_value item, struct buf *reason)
{
    if (item.type == VALUE_OBJECT)
        explain_object(item.as.object, reason);
    else
        buf_append_text(reason, "property '' should be object");
}

bool jif_decode(valve_value item, struct arena *arena, struct message *message, struct buf *reason)
{
    for (size_t i = 0; item.type == VALUE_OBJECT && i < sizeof forms / sizeof *forms; i++)
        if (fits(&forms[i], item.as.object))
            return make(&forms[i], item.as.object, arena, message);
    explain(item, reason);
    return false;
}
