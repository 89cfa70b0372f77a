#include "plugins/authentication/users.h"

#include <stdio.h>

static bool refuse(struct ds_error *error, slice place, const char *what, slice name)
{
    snprintf(error->text, sizeof error->text, SLICE_FORMAT "%s%s" SLICE_FORMAT,
             SLICE_ARGUMENTS(place), place.length > 0 ? ": " : "", what, SLICE_ARGUMENTS(name));
    return false;
}

static bool add_user(struct users *users, slice name, const struct ds_value *value,
                     struct ds_error *error)
{
    const struct ds_value *password = ds_value_member(value, "password");
    slice place = ds_value_place(password == NULL ? value : password);
    if (ds_value_kind(password) == DS_VALUE_NULL)
        return refuse(error, place, "missing password for ", name);
    if (ds_value_kind(password) != DS_VALUE_TEXT)
        return refuse(error, place, "the password is no text, put it in quotes, for ", name);
    struct user *user = arena_alloc(&users->arena, sizeof *user);
    *user = (struct user){
        .name = arena_copy(&users->arena, name),
        .password = arena_copy(&users->arena, ds_value_text(password, (slice){0})),
        .client_data =
            arena_copy(&users->arena, ds_value_json(ds_value_member(value, "clientData"))),
        .server_data =
            arena_copy(&users->arena, ds_value_json(ds_value_member(value, "serverData"))),
    };
    hashmap_put(&users->by_name, user->name, user);
    return true;
}

bool users_init(struct users *users, const struct ds_value *value, struct ds_error *error)
{
    arena_init(&users->arena, 0);
    hashmap_init(&users->by_name);
    if (ds_value_kind(value) != DS_VALUE_MAP || ds_value_count(value) == 0)
        return refuse(error, ds_value_place(value), "no users present in user file", SLICE(""));
    for (size_t i = 0; i < ds_value_count(value); i++) {
        ds_slice name;
        const struct ds_value *user = ds_value_at(value, i, &name);
        if (!add_user(users, name, user, error))
            return false;
    }
    return true;
}

void users_fini(struct users *users)
{
    hashmap_fini(&users->by_name);
    arena_fini(&users->arena);
}

const struct user *users_find(const struct users *users, slice name)
{
    return hashmap_find(&users->by_name, name);
}
