#pragma once
/* What the readers of the parts of a test file share. Private to casefile*.c. Every reader reports
 * what is wrong in the file's diagnostics and returns false. */

#include "casefile.h"
#include "document/suggest.h"
#include "document/tree.h"

struct case_reader {
    struct casefile *file;
    double now_ms;
    const struct valve_record *records; /* those of the whole file */
    size_t record_count;
    size_t json_bytes; /* made so far */
};

/* ---- casefile_values.c ---- */

void case_report(struct case_reader *reader, enum diagnostic_id id, const struct tree_node *node,
                 slice hint);

/* Reports that a value is of another kind than it must be. */
bool case_wrong_kind(struct case_reader *reader, const struct tree_node *node, const char *what,
                     const char *expected);

/* The words of a scalar that stands for a text, whatever else YAML makes of it. */
bool case_read_text(struct case_reader *reader, const struct tree_node *node, const char *what,
                    slice *text);

/* Milliseconds since 1970, or a date with or without a time. */
bool case_read_time(struct case_reader *reader, const struct tree_node *node, double *ms);

/* The value as JSON text. */
bool case_read_json(struct case_reader *reader, const struct tree_node *node, slice *json);

/* A map from names to data. Appends the file's records, which it hides where names are equal. */
bool case_read_records(struct case_reader *reader, const struct tree_node *map,
                       const struct valve_record **records, size_t *count);

/* "did you mean `...`?", or other when nothing is near. */
slice case_hint(struct case_reader *reader, const struct suggestion *suggestion, const char *other);

/* ---- casefile_users.c ---- */

bool case_read_users(struct case_reader *reader, const struct tree_node *map);

/* The user whom a scalar names. */
const struct case_user *case_find_user(struct case_reader *reader, slice name, uint32_t start,
                                       uint32_t end);

/* ---- casefile_asks.c ---- */

/* What a key such as `write record` or `PATCH record` asks. */
bool case_read_question(struct case_reader *reader, const struct tree_member *member,
                        struct valve_request *request);

/* Sets the action of a request whose kind is known. */
bool case_read_action(struct case_reader *reader, const struct tree_node *node,
                      struct valve_request *request);

/* ---- casefile_test.c ---- */

/* Reads one entry of `tests` and adds its cases. */
bool case_read_test(struct case_reader *reader, const struct tree_node *node);
