#pragma once
/* Sets or deletes what a path names inside a JSON value: the one function behind what a rule sees
 * as `data` of a patch and what is then written (valve.md 4.2, behaviour.md 5.8).
 *
 * Values never change: the result shares everything that the path does not touch with `root`. */

#include "json.h"

#define JSON_PATH_MAX_INDEX 1000000u /* an index must be below it (H23) */

/* Returns in *result a value like root, with `value` at the path; undefined deletes (a slot of an
 * array becomes null). root is an object or array. Allocates from arena, which bounds the work.
 * False when the path is not sound, leads through null, or memory is exhausted; *error (static or in
 * arena) then says why: "invalid path: forbidden key '__proto__'". */
bool json_path_set(valve_value root, slice path, valve_value value, struct arena *arena,
                   valve_value *result, const char **error);

/* Applies the list of a PATCH_MULTI: a non-empty array of {path, data?}, in order, all or nothing.
 */
bool json_path_set_all(valve_value root, valve_value list, struct arena *arena,
                       valve_value *result, const char **error);
