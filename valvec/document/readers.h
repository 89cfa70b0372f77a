#pragma once
/* What document.c chooses from, and what the readers share. Private to this folder. */

#include "document/document.h"

/* ---- yaml_tree.c ---- */

struct tree_document yaml_tree_read(const struct mapped_text *text, struct arena *arena,
                                    struct diagnostics *diagnostics);

/* ---- yaml_error.c ---- */

/* Reports that libyaml stopped at a byte of text, and why; says what to do when it looks as if a
 * value lacks its quotes. */
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
