#pragma once
/* Where a record lives: the table and the id that belong to its name.
 *
 *     users/ada          table users, id ada
 *     users/ada/photo    table users, id ada/photo
 *     ada                the default table, id ada
 *
 * as @deepstream/storage-postgres has it. Two names never share a place: where its rule would let
 * them, and where the part before the slash is no good name of a table, the whole name is the id,
 * in the default table: "default/ada", "/ada", `a"b/ada`, "users_pkey/ada", and parts that are
 * longer than an identifier can be. Pure functions. */

#include "base/slice.h"

#define KEY_MOST_IDENTIFIER 63 /* bytes; PostgreSQL cuts off the rest without a word */

struct key {
    slice table;
    slice id;
};

/* Both point into name or are default_table. Returns NULL, or why no row can have this name. */
const char *key_of_name(slice name, slice default_table, struct key *key);

/* Whether a text can be a schema, a table, a role: 1 to 63 bytes of UTF-8 without a zero byte. */
bool key_is_identifier(slice text);

/* Whether the trigger that @deepstream/storage-postgres puts on its tables would read this as SQL:
 * it pastes names into a statement. */
bool key_is_hostile(slice text);
