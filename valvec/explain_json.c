/* Explanations for programs: one object that begins with the fields of a result line. */

#include "explain.h"

#include "explanation.h"
#include "json.h"
#include "result_line.h"

static void append_part_fields(const struct explanation *explanation, uint32_t number,
                               struct buf *out)
{
    static const char *const STATES[] = {
        [PART_HIDDEN] = "value",    [PART_LITERAL] = "value", [PART_VALUE] = "value",
        [PART_SKIPPED] = "skipped", [PART_FAILED] = "failed", [PART_UNFINISHED] = "unfinished",
    };
    const struct explain_part *part = &explanation->parts.items[number];
    uint32_t line, column;
    program_rule_position(explanation->rule, part->node->start, &line, &column);
    buf_append_text(out, "\"source\":");
    json_write_text(out, explanation_part_source(explanation, number));
    buf_printf(out, ",\"line\":%u,\"column\":%u,\"state\":\"%s\"", line, column,
               STATES[part->state]);
    if (part->state == PART_VALUE || part->state == PART_LITERAL) {
        buf_append_text(out, ",\"value\":");
        json_write(out, part->value);
    }
    buf_printf(out, ",\"decided\":%s", part->decided ? "true" : "false");
}

/* Parts are listed before their own parts, so depth alone says which brackets to close. */
static void append_tree(const struct explanation *explanation, struct buf *out)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < explanation->parts.count; i++) {
        if (!explanation_is_shown(explanation, i))
            continue;
        uint32_t depth = explanation_depth(explanation, i);
        bool follows = open > depth;
        for (; open > depth; open--)
            buf_append_text(out, "]}");
        buf_append_text(out, follows ? ",{" : "{");
        append_part_fields(explanation, i, out);
        buf_append_text(out, ",\"parts\":[");
        open = depth + 1;
    }
    for (; open > 0; open--)
        buf_append_text(out, "]}");
}

static void append_deciding(const struct explanation *explanation, struct buf *out)
{
    bool first = true;
    buf_append_text(out, ",\"decidedBy\":[");
    for (uint32_t i = 0; i < explanation->parts.count; i++) {
        if (!explanation->parts.items[i].decided)
            continue;
        buf_append_text(out, first ? "{" : ",{");
        append_part_fields(explanation, i, out);
        buf_append_byte(out, '}');
        first = false;
    }
    buf_append_byte(out, ']');
}

static void append_path(const struct explain_path *path, struct buf *out)
{
    static const char *const OUTCOMES[] = {
        [PATH_WINS] = "wins",
        [PATH_LACKS_RULE] = "no rule of this type",
        [PATH_SHORTER] = "shorter",
        [PATH_EARLIER] = "earlier",
    };
    buf_append_text(out, "{\"pattern\":");
    json_write_text(out, path->pattern->text);
    buf_printf(out, ",\"line\":%u,\"column\":%u,\"outcome\":\"%s\"}", path->pattern->line,
               path->pattern->column, OUTCOMES[path->outcome]);
}

static void append_rule(const struct explanation *explanation, struct buf *out)
{
    buf_append_text(out, ",\"file\":");
    json_write_text(out, explanation->rules->contents->file);
    if (explanation->rule != NULL) {
        buf_append_text(out, ",\"source\":");
        json_write_text(out, explanation->rule->source);
    }
    buf_append_text(out, ",\"tree\":");
    if (explanation->parts.count == 0)
        buf_append_text(out, "null");
    append_tree(explanation, out);
    append_deciding(explanation, out);
}

void explain_json(const struct rules *rules, const struct request *request,
                  const struct valve_options *options, struct buf *out)
{
    struct explanation explanation;
    explanation_make(&explanation, rules, request, options);
    result_line_append(out, request, &explanation.decision);
    out->length--; /* the bracket that closes the result: more follows */
    append_rule(&explanation, out);
    buf_append_text(out, ",\"paths\":[");
    for (size_t i = 0; i < explanation.paths.count; i++) {
        buf_append_text(out, i == 0 ? "" : ",");
        append_path(&explanation.paths.items[i], out);
    }
    buf_append_text(out, "]}");
    explanation_free(&explanation);
}
