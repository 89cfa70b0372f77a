#pragma once
/* Where a record lives: the collection and the key that its name stands for. */

#include "deepstream/plugin.h"

struct place_rules {
    ds_slice split_char;         /* one character */
    ds_slice default_collection; /* of names without it */
};

/* Slices of the name or of the rules. */
struct place {
    ds_slice collection;
    ds_slice key;
};

/* False and an error when there is no such place. */
bool place_of(const struct place_rules *rules, ds_slice name, struct place *place,
              struct ds_error *error);

/* Whether a collection may be called so: MongoDB would refuse it otherwise. */
bool place_is_collection(ds_slice collection);
