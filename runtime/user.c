/* Prepares the value of `user` once per login. */

#include "valve_program.h"

#include "base/utf8.h"
#include "json.h"

#include <stdlib.h>

#define USER_MEMBERS 3

static bool copy_text(struct arena *arena, slice text, slice *copy)
{
    char *bytes = arena_try_alloc(arena, text.length + 1);
    if (bytes == NULL)
        return false;
    if (text.length > 0)
        memcpy(bytes, text.at, text.length);
    *copy = (slice){bytes, text.length};
    return true;
}

static bool read_data(struct arena *arena, slice data, valve_value *value)
{
    struct json_limits limits = {.max_depth = valve_options_default().max_json_depth};
    slice copy;
    *value = value_null();
    if (data.length == 0)
        return true;
    return data.length < UINT32_MAX && copy_text(arena, data, &copy) &&
           json_read(copy, limits, arena, value, NULL);
}

static struct value_member member(slice key, valve_value value)
{
    struct value_member made = {.key = value_text(key), .value = value};
    made.key.flags = VALUE_ASCII;
    return made;
}

static bool make_value(struct valve_user *user, slice id, bool is_authenticated, slice data)
{
    struct value_object *object = arena_try_alloc(&user->arena, sizeof *object);
    struct value_member *members = arena_try_alloc(&user->arena, USER_MEMBERS * sizeof *members);
    slice id_copy;
    valve_value data_value;
    if (object == NULL || members == NULL || id.length >= UINT32_MAX || !utf8_valid(id, true) ||
        !copy_text(&user->arena, id, &id_copy) || !read_data(&user->arena, data, &data_value))
        return false;
    members[0] = member(SLICE("isAuthenticated"), value_boolean(is_authenticated));
    members[1] = member(SLICE("id"), value_text(id_copy));
    members[2] = member(SLICE("data"), data_value);
    *object = (struct value_object){.count = USER_MEMBERS, .members = members};
    user->value = (valve_value){.as.object = object, .type = VALUE_OBJECT};
    return true;
}

/* What make_value takes; JSON a little more than its text, as a start. */
static size_t first_chunk_bytes(slice id, slice data)
{
    return sizeof(struct value_object) + USER_MEMBERS * sizeof(struct value_member) +
           arena_rounded(id.length + 1) + arena_rounded(data.length * 3);
}

struct valve_user *valve_user_new(slice id, bool is_authenticated, slice data)
{
    struct valve_user *user = malloc(sizeof *user);
    if (user == NULL)
        return NULL;
    arena_init_small(&user->arena, 0, first_chunk_bytes(id, data)); /* servers keep thousands */
    if (!make_value(user, id, is_authenticated, data))
        valve_user_free(&user);
    return user;
}

slice valve_user_id(const struct valve_user *user)
{
    return value_slice(user->value.as.object->members[1].value);
}

void valve_user_free(struct valve_user **user)
{
    if (*user != NULL)
        arena_fini(&(*user)->arena);
    free(*user);
    *user = NULL;
}
