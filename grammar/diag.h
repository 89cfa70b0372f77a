#pragma once
/* What is wrong with a file: diagnostics are collected, sorted by position and printed by the
 * command line. Every message stands once in diagnostics.def. */

#include "source.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

#include <stdarg.h>

enum diagnostic_id {
#define DIAGNOSTIC(name, severity, id, message, hint) DIAG_##name,
#include "diagnostics.def"
#undef DIAGNOSTIC
    DIAGNOSTIC_COUNT,
};

enum severity {
    SEVERITY_ERROR,
    SEVERITY_WARNING,
    SEVERITY_NOTE,
};

struct diagnostic_info {
    enum severity severity;
    const char *id;      /* "assignment", stable; what silencing comments and --explain use */
    const char *message; /* printf format */
    const char *hint;    /* printf format, or NULL */
};

const struct diagnostic_info *diagnostic_info(enum diagnostic_id id);

struct diagnostic {
    enum diagnostic_id id;
    const struct source *source;
    uint32_t start, end; /* bytes of the source; end >= start */
    slice message;       /* without file, position or severity */
    slice hint;          /* what to do; empty when there is none */
};

struct diagnostics {
    struct arena *arena; /* messages live here */
    VEC(struct diagnostic) list;
    uint32_t error_count;
    uint32_t warning_count;
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena);
void diagnostics_fini(struct diagnostics *diagnostics);

/* Adds one. The variable arguments fill first the message's format, then the hint's: both formats
 * share one argument list, so a hint uses the arguments that the message left over. */
void diagnose(struct diagnostics *diagnostics, enum diagnostic_id id, const struct source *source,
              uint32_t start, uint32_t end, ...);

/* The same for a part of a decoded text, whose offsets are translated. */
void diagnose_text(struct diagnostics *diagnostics, enum diagnostic_id id,
                   const struct mapped_text *text, uint32_t start, uint32_t end, ...);

/* By position, then severity; stable. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* Appends one diagnostic for a terminal:
 *
 *   permissions.yml:12:14: error: function `foo` is not supported [unsupported-function]
 *      12 |     write: "foo(data) === 1"
 *         |             ^~~
 *         = hint: the methods of the language are startsWith, endsWith, ...
 *
 * colour adds escape codes. Control characters of the file are shown as escapes, tabs as one space,
 * long lines are cut around the caret. */
void diagnostic_print(const struct diagnostic *diagnostic, struct buf *out, bool colour);

/* The middle part of that: the line in which `start` is, and a caret below it. For messages that
 * are no diagnostics of the list. */
void diagnostic_print_line(const struct source *source, uint32_t start, uint32_t end,
                           enum severity severity, struct buf *out, bool colour);

/* Appends text of a file so that it cannot steer the terminal. */
void diagnostic_print_text(slice text, struct buf *out);
