#pragma once
/* The users of the authentication `type: file`, as the configuration gives them. */

#include "deepstream/plugin.h"

#include "base/arena.h"
#include "base/hashmap.h"

struct user {
    slice name;
    slice password;    /* plain, or a hash with its salt */
    slice client_data; /* JSON text; "null" when there is none */
    slice server_data;
};

struct users {
    struct arena arena;
    struct hashmap by_name; /* a real map: "constructor" is a name like any other (S5) */
};

/* Copies what it needs. False, with the reason in error, when the users are not fit. Call
 * users_fini in any case. */
bool users_init(struct users *users, const struct ds_value *value, struct ds_error *error);
void users_fini(struct users *users);

/* NULL when there is no such user. */
const struct user *users_find(const struct users *users, slice name);
