#pragma once
/* Options for plugins under test, from JSON text, without a configuration. Link this or the real
 * configuration, not both. */

#include "deepstream/plugin.h"

#include "base/arena.h"

/* Lives in arena. Its place is "test.yml:1:1", that of a member "test.yml:/its/path". */
const struct ds_value *test_value(struct arena *arena, const char *json);

/* The same, as if fileLoad(path) had put it there. */
const struct ds_value *test_value_of_file(struct arena *arena, const char *path, const char *json);
