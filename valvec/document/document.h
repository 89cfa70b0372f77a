#pragma once
/* From the bytes of a file, YAML or JSON, to a tree in which every part knows its place.
 *
 *     struct source source;                       the bytes and their name
 *     if (document_check(&source, &diagnostics)) {
 *         struct mapped_text text = text_map_whole(&source, &arena);
 *         struct tree_document document = document_read(&text, &arena, &diagnostics);
 *
 * Between the two the text may be changed, for environment variables: the map keeps the places.
 * Both are bounded whatever the file holds: bytes, depth, and nodes as often as aliases repeat
 * them. */

#include "document/tree.h"

#define DOCUMENT_MAX_BYTES (16u << 20)

struct tree_document {
    struct tree_node *root; /* NULL when the file has no document, or has errors */
    bool is_valid;          /* false: errors were reported */
};

/* Whether the file is small enough and every byte of it part of a text; reports what is not. */
bool document_check(const struct source *source, struct diagnostics *diagnostics);

/* Reads text, which has been checked, into a tree that lives in arena. Everything wrong with the
 * notation is reported in diagnostics. What begins with { is tried as JSON first. */
struct tree_document document_read(const struct mapped_text *text, struct arena *arena,
                                   struct diagnostics *diagnostics);
