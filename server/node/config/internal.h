#pragma once
/* What the files of this folder hand to each other. The order in which they work stands in load.c:
 * find, read, expand, override, check, complete. */

#include "config.h"
#include "options.h"
#include "setting.h"
#include "diag.h"
#include "base/vec.h"

/* Beyond so many, problems are only counted. */
#define MAX_PROBLEMS 1000u

struct problem {
    struct config_problem shown;
    struct origin origin;
    uint64_t order;    /* place in the file; of what a file loads, where it loads it */
    bool is_transform; /* what was loaded, rather than what is wrong */
};

struct plugin_list {
    struct config_plugin *items;
    size_t count;
};

struct config {
    struct arena arena;
    VEC(struct problem *) problems;
    struct problem *latest;          /* what was added last */
    uint32_t error_count, uncounted; /* uncounted: beyond MAX_PROBLEMS */
    const struct origin *loading;    /* the fileLoad() that is worked out, or NULL */
    size_t expanded_bytes;           /* of environment variables, so far */
    slice file;                      /* empty: none */
    slice dir;                       /* terminated */
    struct ds_value *given;          /* what the file and the command line say; NULL: nothing */
    struct ds_value *root;           /* completed */
    const struct ds_value *values[CONFIG_OPTION_COUNT];
    struct plugin_list plugins[CONFIG_PLUGIN_KIND_COUNT];
};

/* ---- problems.c ---- */

/* Adds a problem; origin's word is its place when it has no source. NULL: of no place. */
struct problem *problem_add(struct config *config, enum ds_log_level level,
                            const struct origin *origin, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Gives the problem that was added last a hint. */
void problem_hint(struct config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts them into the order of the file. */
void problems_sort(struct config *config);

/* Takes over what the reader of documents found. */
void problems_take(struct config *config, struct diagnostics *diagnostics);

/* ---- files.c ---- */

/* path as it is, or below folder when it is relative; in arena, terminated. */
slice path_below(slice folder, slice path, struct arena *arena);

/* The folder that a path names a file in: "." when it names none. */
slice path_folder(slice path, struct arena *arena);

bool path_ends_with(slice path, const char *end);
bool path_is_file(const char *path);
bool path_is_folder(const char *path);

/* Reads a file of at most DOCUMENT_MAX_BYTES; NULL, or why it could not be. */
const char *path_read_file(const char *path, struct arena *arena, slice *bytes);

/* ---- find.c ---- */

/* Sets config->file and config->dir; reports a file that was asked for and is not there. */
void config_find(struct config *config, const struct config_request *request);

/* ---- expand.c ---- */

/* Reads text, called name, into values; NULL when it is no document or has none. With macros,
 * file() and fileLoad() are worked out. */
struct ds_value *config_read(struct config *config, slice name, slice text, bool with_macros);

/* ---- override.c ---- */

void config_apply_overrides(struct config *config, const struct config_request *request);

/* ---- check.c ---- */

void config_check(struct config *config);

/* ---- plugin.c ---- */

/* What an entry of the file, or a default type, names. value may be NULL. */
struct config_plugin config_plugin_of(enum config_plugin_kind kind, const struct ds_value *value,
                                      slice default_type);

/* ---- complete.c ---- */

/* Makes config->root, values and plugins out of what is given. */
void config_complete(struct config *config);

/* ---- cluster.c ---- */

/* Warns of what is valid and makes no cluster; of a configuration that is complete. */
void config_check_cluster(struct config *config, const struct config_request *request);

/* ---- ssl.c ---- */

bool text_holds(slice text, const char *part);
