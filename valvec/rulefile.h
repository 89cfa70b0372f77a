#pragma once
/* From the bytes of a rule file to its tree (valve.md 1.2). */

#include "tree.h"

#define RULEFILE_MAX_BYTES (16u << 20)

struct tree_document {
    struct tree_node *root; /* NULL when the file has no document, or has errors */
    bool is_valid;          /* false: errors were reported */
};

/* Reads source, YAML or JSON, into a tree that lives in arena. With expand_environment, `${NAME}`
 * is replaced first. Everything wrong with the notation is reported in diagnostics. */
struct tree_document rulefile_read(const struct source *source, bool expand_environment,
                                   struct arena *arena, struct diagnostics *diagnostics);

/* ---- yaml_tree.c ---- */

struct tree_document yaml_tree_read(const struct mapped_text *text, struct arena *arena,
                                    struct diagnostics *diagnostics);

/* ---- yaml_error.c ---- */

/* Reports that libyaml stopped at a byte of text, and why; says what to do when it looks as if a
 * rule lacks its quotes. */
void yaml_report(const struct mapped_text *text, uint32_t byte, const char *problem,
                 struct diagnostics *diagnostics);

/* ---- json_tree.c ---- */

struct json_tree_error {
    uint32_t offset;     /* byte of the text where reading stopped */
    const char *message; /* static, lower case */
};

/* Reads text as JSON. Returns NULL and fills error when it is not JSON. */
struct tree_node *json_tree_read(const struct mapped_text *text, struct arena *arena,
                                 struct diagnostics *diagnostics, struct json_tree_error *error);
