/* The list of lints, and what there is to say about each. */

#include "lint_help.h"

#include "json.h"
#include "lint.h"
#include "report.h"

static void append_json(const struct lint_info *lint, bool first, struct buf *out)
{
    const struct diagnostic_info *info = diagnostic_info(lint->diagnostic);
    buf_printf(out, "%s\n{\"id\":\"%s\",\"severity\":\"%s\",\"byDefault\":%s,\"summary\":",
               first ? "" : ",", info->id, report_severity_name(info->severity),
               lint->by_default ? "true" : "false");
    json_write_text(out, slice_of(lint->summary));
    buf_append_byte(out, '}');
}

static void append_line(const struct lint_info *lint, struct buf *out)
{
    const struct diagnostic_info *info = diagnostic_info(lint->diagnostic);
    buf_printf(out, "%-26s %-8s %-4s%s\n", info->id, report_severity_name(info->severity),
               lint->by_default ? "" : "off", lint->summary);
}

void lint_help_list(bool as_json, struct buf *out)
{
    buf_append_text(out, as_json ? "[" : "");
    for (uint32_t i = 0; i < lint_count(); i++) {
        if (as_json)
            append_json(lint_at(i), i == 0, out);
        else
            append_line(lint_at(i), out);
    }
    buf_append_text(out, as_json ? "]\n" : "");
}

/* A printf format with dots for what it fills in. */
static void append_format(struct buf *out, const char *format)
{
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        buf_append(out, (slice){format, plain});
        format += plain;
        if (*format == '\0')
            return;
        format += 1 + strcspn(format + 1, "suxXc%");
        buf_append_text(out, *format == '%' ? "%" : "...");
        format += *format != '\0';
    }
}

/* Several messages may share an id; all of them are told. */
static bool explain_error(const char *id, struct buf *out)
{
    bool found = false;
    for (uint32_t i = 0; i < DIAGNOSTIC_COUNT; i++) {
        const struct diagnostic_info *info = diagnostic_info((enum diagnostic_id)i);
        if (strcmp(info->id, id) != 0)
            continue;
        if (!found)
            buf_printf(out, "# %s\n\nAn error: a file that has it is not used at all.\n", id);
        buf_append_text(out, "\n- ");
        append_format(out, info->message);
        if (info->hint != NULL) {
            buf_append_text(out, "\n  Hint: ");
            append_format(out, info->hint);
        }
        found = true;
    }
    buf_append_text(out, found ? "\n" : "");
    return found;
}

bool lint_help_explain(const char *id, struct buf *out)
{
    const struct lint_info *lint = lint_find(slice_of(id));
    if (lint == NULL)
        return explain_error(id, out);
    buf_append(out, lint_page(lint));
    return true;
}
