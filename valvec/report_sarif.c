/* SARIF 2.1.0: one run whose results come first, then the descriptions of the ids that occurred. */

#include "report.h"

#include "json.h"
#include "lint.h"

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

void report_begin_SARIF(struct report *report)
{
    buf_append_text(report->out, "{\"$schema\":\"" SCHEMA "\",\"version\":\"2.1.0\",\"runs\":[{"
                                 "\"columnKind\":\"unicodeCodePoints\",\"results\":[");
}

static bool is_uri_character(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~/", c) != NULL);
}

/* A path as a relative reference; a name with a colon first would be a scheme otherwise. */
static void append_uri(struct buf *out, slice name)
{
    buf_append_byte(out, '"');
    for (size_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (is_uri_character(c))
            buf_append_byte(out, name.at[i]);
        else
            buf_printf(out, "%%%02X", c);
    }
    buf_append_byte(out, '"');
}

static void append_message(struct buf *out, const struct diagnostic *diagnostic)
{
    struct buf text = BUF_EMPTY;
    buf_append(&text, diagnostic->message);
    if (diagnostic->hint.length > 0) {
        buf_append_text(&text, "; ");
        buf_append(&text, diagnostic->hint);
    }
    json_write_text(out, buf_slice(&text));
    buf_fini(&text);
}

void report_add_SARIF(struct report *report, const struct diagnostic *diagnostic)
{
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    struct source_position start = source_position(diagnostic->source, diagnostic->start);
    struct source_position end = source_position(diagnostic->source, diagnostic->end);
    bool first = report->error_count + report->warning_count + report->note_count == 0;
    struct buf *out = report->out;
    buf_printf(out,
               "%s\n{\"ruleId\":\"%s\",\"level\":\"%s\",\"message\":{\"text\":", first ? "" : ",",
               info->id, report_severity_name(info->severity));
    append_message(out, diagnostic);
    buf_append_text(out, "},\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
    append_uri(out, diagnostic->source->name);
    buf_printf(out,
               "},\"region\":{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,"
               "\"endColumn\":%u}}}]}",
               start.line, start.column, end.line, end.column);
}

static void append_rule(struct buf *out, enum diagnostic_id id, bool first)
{
    const struct diagnostic_info *info = diagnostic_info(id);
    const struct lint_info *lint = lint_find(slice_of(info->id));
    buf_printf(out, "%s\n{\"id\":\"%s\",\"defaultConfiguration\":{\"level\":\"%s\"}",
               first ? "" : ",", info->id, report_severity_name(info->severity));
    if (lint != NULL) {
        buf_append_text(out, ",\"shortDescription\":{\"text\":");
        json_write_text(out, slice_of(lint->summary));
        buf_append_text(out, "},\"help\":{\"text\":");
        json_write_text(out, lint_page(lint));
        buf_append_text(out, ",\"markdown\":");
        json_write_text(out, lint_page(lint));
        buf_append_byte(out, '}');
    }
    buf_append_byte(out, '}');
}

/* Several messages may share one id. */
static bool is_first_of_id(const struct report *report, uint32_t id)
{
    for (uint32_t i = 0; i < id; i++) {
        if (report->used[i] && strcmp(diagnostic_info((enum diagnostic_id)i)->id,
                                      diagnostic_info((enum diagnostic_id)id)->id) == 0)
            return false;
    }
    return true;
}

void report_end_SARIF(struct report *report)
{
    bool first = true;
    buf_append_text(report->out, "],\n\"tool\":{\"driver\":{\"name\":\"valvec\",\"rules\":[");
    for (uint32_t i = 0; i < DIAGNOSTIC_COUNT; i++) {
        if (!report->used[i] || !is_first_of_id(report, i))
            continue;
        append_rule(report->out, (enum diagnostic_id)i, first);
        first = false;
    }
    buf_append_text(report->out, "]}}}]}\n");
}
