#pragma once
/* Options for plugins under test, from JSON text, without a configuration. Link this or the real
 * configuration, not both. */

#include "deepstream/plugin.h"

#include "base/arena.h"

/* Lives in arena. Its place is "test.yml:1:1", that of a member "test.yml:/its/path". */
const struct ds_value *test_value(struct arena *arena, const char *json);

/* The same, of a map whose member `key` was put there by fileLoad(path). */
const struct ds_value *test_value_with_file(struct arena *arena, const char *json, const char *key,
                                            const char *path);
