#pragma once
/* Where a record lives in Elasticsearch: the index and the id that its name stands for.
 *
 *     index   <database>-<table>; what an index may not be called is written as .xx, in hexadecimal
 *             digits, so that no two tables share an index
 *     id      the whole name; of more than PLACE_MAX_ID_BYTES: sha256:<64 digits> */

#include "deepstream/plugin.h"

#include "base/buf.h"

#define PLACE_MAX_ID_BYTES 512    /* of _id: reference, "Mapping: _id field" */
#define PLACE_MAX_INDEX_BYTES 255 /* reference, "Create index API" */

struct place_rules {
    ds_slice database;
    ds_slice default_table;
    ds_slice split_char; /* empty: names are not split */
};

/* Appends the index of a table. False, with *index as it was, when that would be too long. */
bool place_append_index(const struct place_rules *rules, ds_slice table, struct buf *index);

/* The table of a name: what stands before split_char, when that is in it once, neither first nor
 * last; else the default. */
ds_slice place_table(const struct place_rules *rules, ds_slice name);

/* Appends the id of a name, which is UTF-8. */
void place_append_id(ds_slice name, struct buf *id);

/* Whether an index may be called so, or start so. */
bool place_is_index(ds_slice text);
