#include "storage-mongodb/place.h"

#include "base/slice.h"
#include "base/utf8.h"

#include <stdio.h>

#define MOST_COLLECTION_BYTES 200 /* of 255, which are for the database's name too */

bool place_is_collection(ds_slice collection)
{
    return collection.length > 0 && collection.length <= MOST_COLLECTION_BYTES &&
           memchr(collection.at, '\0', collection.length) == NULL &&
           memchr(collection.at, '$', collection.length) == NULL &&
           !slice_starts_with(collection, SLICE("system.")) && utf8_valid(collection, false);
}

static bool refuse(struct ds_error *error, ds_slice name)
{
    snprintf(error->text, sizeof error->text, "mongodb: invalid key `%.*s`",
             (int)(name.length < 300 ? name.length : 300), name.at);
    return false;
}

bool place_of(const struct place_rules *rules, ds_slice name, struct place *place,
              struct ds_error *error)
{
    if (!utf8_valid(name, false))
        return refuse(error, (ds_slice){"(not UTF-8)", 11});
    for (size_t i = 0; i + rules->split_char.length <= name.length; i++) {
        if (!slice_starts_with(slice_part(name, i, name.length), rules->split_char))
            continue;
        place->collection = slice_part(name, 0, i);
        place->key = slice_part(name, i + rules->split_char.length, name.length);
        return place_is_collection(place->collection) ? true : refuse(error, name);
    }
    place->collection = rules->default_collection;
    place->key = name;
    return true;
}
