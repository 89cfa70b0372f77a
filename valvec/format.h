#pragma once
/* The canonical layout of rule files. Keeps meaning, order, comments, anchors and groups of lines.
 */

#include "comments.h"
#include "diag.h"
#include "yaml_layout.h"
#include "base/buf.h"

enum format_status {
    FORMAT_DONE,
    FORMAT_INVALID, /* the file has errors; they are in diagnostics */
    FORMAT_REFUSED, /* the new text would not mean the same; nothing was written */
};

/* Appends the formatted text of a rule file, YAML or JSON, to out. The result
 * was compiled and compared with the program of the original. Messages live in arena. */
enum format_status format_rules(slice file_name, slice text, struct arena *arena,
                                struct diagnostics *diagnostics, struct buf *out);

/* ---- format_yaml.c ---- */

/* False when the file uses YAML in a way that rule files hardly do, such as lists of maps. */
bool format_yaml(slice text, struct arena *arena, struct buf *out);

/* ---- format_scalar.c ---- */

/* A path, section or rule type, before the colon. */
void format_key(const struct layout_node *key, bool is_path, struct buf *out);

/* How the text of a rule is laid out. */
enum format_shape {
    FORMAT_LINE,  /* on the line of its key */
    FORMAT_BLOCK, /* an indicator on the line of its key, then lines of their own */
};

enum format_shape format_value_shape(slice text, const struct layout_node *value, uint32_t column);

/* LINE: the value; BLOCK: the indicator. */
void format_value(slice text, const struct layout_node *value, enum format_shape shape,
                  struct buf *out);

/* BLOCK: the lines, each after a line feed and `indent` spaces. */
void format_block_lines(slice text, const struct layout_node *value, uint32_t indent,
                        struct buf *out);

/* ---- format_json.c ---- */

/* Text must be JSON. */
void format_json(slice text, struct buf *out);
