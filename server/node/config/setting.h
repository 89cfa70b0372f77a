#pragma once
/* Values of the configuration, from the inside: what plugin.h shows of them never changes, here
 * they are made. They live in the arena of their configuration. */

#include "deepstream/plugin.h"
#include "source.h"
#include "base/arena.h"

/* Where a value is from: a part of a file, or a word such as "default" or "--port". */
struct origin {
    const struct source *source; /* NULL: only the word counts */
    uint32_t start, end;
    const char *word;
};

struct setting_member {
    slice key; /* empty in a list */
    struct ds_value *value;
};

struct ds_value {
    enum ds_value_kind kind;
    bool boolean;
    bool is_expanded; /* an environment variable was put in */
    uint32_t count, capacity;
    double number;
    slice text;                     /* of a number too, as it was written */
    struct setting_member *members; /* of a map, and items of a list */
    struct origin origin;
    uint32_t key_start, key_end; /* of a member, in the same file: its key; both 0: not known */
    slice file;                  /* what fileLoad() loaded */
    slice macro;                 /* as it was written: "fileLoad(users.yml)" */
    slice place;                 /* made when it is first asked for */
    slice json;                  /* the same */
    struct arena *arena;
};

struct ds_value *setting_new(struct arena *arena, enum ds_value_kind kind, struct origin origin);
struct ds_value *setting_new_text(struct arena *arena, slice text, struct origin origin);

/* Adds an item to a list, or a member, whose key is new, to a map; the key is borrowed. */
void setting_add(struct ds_value *container, slice key, struct ds_value *value);

/* Sets a member of a map, new or not. */
void setting_put(struct ds_value *map, slice key, struct ds_value *value);

struct ds_value *setting_find(const struct ds_value *map, slice key);

/* Gives value the kind that a scalar without quotes has: 12 is a number, true a boolean. */
void setting_settle(struct ds_value *value);

/* "config.yml:12:3", or the word; in arena. */
slice origin_text(const struct origin *origin, struct arena *arena);
