#include "exposition.h"

#include <inttypes.h>
#include <stdio.h>

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Backslash, quote and line end; what is no UTF-8 does not come here. */
static void write_escaped(struct buf *out, slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '\n') {
            buf_append_text(out, "\\n");
            continue;
        }
        if (c == '\\' || c == '"')
            buf_append_byte(out, '\\');
        buf_append_byte(out, c);
    }
}

static void write_label(struct buf *out, bool *is_first, const char *name, slice value)
{
    buf_append_byte(out, *is_first ? '{' : ',');
    *is_first = false;
    buf_append_text(out, name);
    buf_append_text(out, "=\"");
    write_escaped(out, value);
    buf_append_byte(out, '"');
}

/* bound: the label `le` of a bucket, or NULL. */
static void write_name(struct buf *out, const char *name, const char *suffix,
                       const struct label *labels, const char *bound)
{
    bool is_first = true;
    buf_append_text(out, name);
    buf_append_text(out, suffix);
    for (; labels != NULL && labels->name != NULL; labels++) {
        if (labels->value.at != NULL)
            write_label(out, &is_first, labels->name, labels->value);
    }
    if (bound != NULL)
        write_label(out, &is_first, "le", slice_of(bound));
    buf_append_text(out, is_first ? " " : "} ");
}

void exposition_count(struct buf *out, const char *name, const struct label *labels, uint64_t value)
{
    write_name(out, name, "", labels, NULL);
    buf_printf(out, "%" PRIu64 "\n", value);
}

void exposition_number(struct buf *out, const char *name, const struct label *labels, double value)
{
    write_name(out, name, "", labels, NULL);
    buf_printf(out, "%.15g\n", value);
}

void exposition_histogram(struct buf *out, const char *name, const struct label *labels,
                          const struct ds_histogram *histogram)
{
    uint64_t so_far = 0;
    for (size_t i = 0; i < histogram->bound_count; i++) {
        char bound[32];
        snprintf(bound, sizeof bound, "%g", histogram->bounds[i]);
        so_far += histogram->counts[i];
        write_name(out, name, "_bucket", labels, bound);
        buf_printf(out, "%" PRIu64 "\n", so_far);
    }
    write_name(out, name, "_bucket", labels, "+Inf");
    buf_printf(out, "%" PRIu64 "\n", histogram->count);
    write_name(out, name, "_sum", labels, NULL);
    buf_printf(out, "%.15g\n", histogram->sum);
    write_name(out, name, "_count", labels, NULL);
    buf_printf(out, "%" PRIu64 "\n", histogram->count);
}
