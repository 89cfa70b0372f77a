/* Explanations for people.
 *
 *     deny: record/write of `chat/7` by "ann"
 *       rule   rules.yml:4:13, path `chat/$room`
 *       user.id === data.owner && open        false
 *         user.id === data.owner              false   <- decided
 *           user.id                           "ann"
 *           data.owner                        "bob"
 *         open                                not evaluated
 *       loaded chat/7 (does not exist), 2 rounds
 *       path   `*` matches too, but `chat/$room` is longer */

#include "explain.h"

#include "explanation.h"
#include "json.h"

#include "base/utf8.h"

#define SOURCE_COLUMNS 56
#define VALUE_BYTES 72

struct text_out {
    const struct explanation *explanation;
    struct buf *out;
    bool colour;
};

static const char *const RED = "\033[31m", *const GREEN = "\033[32m", *const BOLD = "\033[1m",
                         *const DIM = "\033[2m", *const PLAIN = "\033[0m";

static void append_colour(const struct text_out *text, const char *colour)
{
    if (text->colour)
        buf_append_text(text->out, colour);
}

/* Appends one line's worth of bytes: control characters become spaces, and what is too long is cut
 * between characters. Returns the columns it takes. */
static size_t append_line(struct buf *out, slice bytes, size_t most)
{
    size_t columns = 0;
    for (size_t at = 0; at < bytes.length; columns++) {
        size_t start = at;
        uint32_t c = utf8_next(bytes, &at);
        if (columns + 3 >= most && bytes.length - start > 3) {
            buf_append_text(out, "...");
            return columns + 3;
        }
        if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            buf_append_byte(out, ' ');
        else
            buf_append(out, slice_part(bytes, start, at));
    }
    return columns;
}

static void append_value(struct buf *out, valve_value value)
{
    struct buf json = BUF_EMPTY;
    if (value.type == VALUE_UNDEFINED)
        buf_append_text(&json, "undefined");
    else
        json_write(&json, value);
    append_line(out, buf_slice(&json), VALUE_BYTES);
    buf_fini(&json);
}

static void pad(struct buf *out, size_t columns)
{
    for (; columns > 0; columns--)
        buf_append_byte(out, ' ');
}

/* ---- the parts of the rule ---- */

static void append_outcome(const struct text_out *text, const struct explain_part *part)
{
    switch (part->state) {
    case PART_SKIPPED:
        append_colour(text, DIM);
        buf_append_text(text->out, "not evaluated");
        append_colour(text, PLAIN);
        break;
    case PART_FAILED:
    case PART_UNFINISHED:
        buf_append_text(text->out, "error");
        break;
    default:
        append_value(text->out, part->value);
    }
}

static void append_part(const struct text_out *text, uint32_t number)
{
    const struct explain_part *part = &text->explanation->parts.items[number];
    size_t indent = 2 + 2 * (size_t)explanation_depth(text->explanation, number);
    if (indent > SOURCE_COLUMNS / 2)
        indent = SOURCE_COLUMNS / 2;
    pad(text->out, indent);
    size_t columns =
        indent + append_line(text->out, explanation_part_source(text->explanation, number),
                             SOURCE_COLUMNS - indent);
    pad(text->out, columns < SOURCE_COLUMNS ? SOURCE_COLUMNS - columns : 0);
    buf_append_text(text->out, "  ");
    append_outcome(text, part);
    if (part->decided) {
        append_colour(text, BOLD);
        buf_append_text(text->out, part->state == PART_FAILED ? "   <- failed" : "   <- decided");
        append_colour(text, PLAIN);
    }
    buf_append_byte(text->out, '\n');
}

static void append_parts(const struct text_out *text)
{
    const struct explanation *explanation = text->explanation;
    if (explanation->rule != NULL && explanation->parts.count == 0)
        buf_append_text(text->out,
                        "  the source text in the program is no rule: no more is known\n");
    for (uint32_t i = 0; i < explanation->parts.count; i++) {
        if (explanation_is_shown(explanation, i))
            append_part(text, i);
    }
}

/* ---- around it ---- */

static void append_heading(const struct text_out *text)
{
    const struct valve_request *asked = &text->explanation->request->valve;
    const struct valve_rule_kind_info *kind = valve_rule_kind_info(asked->kind);
    enum valve_decision decision = text->explanation->decision.result.decision;
    append_colour(text, decision == VALVE_ALLOW ? GREEN : RED);
    buf_append_text(text->out, decision_name(decision));
    append_colour(text, PLAIN);
    buf_printf(text->out, ": %s/%s", kind->section_name, kind->type);
    if (asked->has_name) {
        buf_append_text(text->out, " of `");
        append_line(text->out, asked->name, SIZE_MAX);
        buf_append_byte(text->out, '`');
    }
    buf_append_byte(text->out, '\n');
}

static void append_message(const struct text_out *text)
{
    const struct decision *decision = &text->explanation->decision;
    if (decision->result.decision != VALVE_ERROR)
        return;
    buf_append_text(text->out, "  ");
    append_colour(text, RED);
    append_line(text->out, decision->result.message, SIZE_MAX);
    append_colour(text, PLAIN);
    if (text->explanation->rule != NULL)
        buf_printf(text->out, " (line %u, column %u)", decision->result.line,
                   decision->result.column);
    buf_append_byte(text->out, '\n');
}

static void append_rule_place(const struct text_out *text)
{
    const struct program_rule *rule = text->explanation->rule;
    const struct program *program = text->explanation->rules->contents;
    if (rule == NULL) {
        buf_append_text(text->out, "  no rule covers it, and what no rule covers is denied\n");
        return;
    }
    buf_printf(text->out, "  rule at " SLICE_FORMAT ":%u:%u, path `" SLICE_FORMAT "`\n",
               SLICE_ARGUMENTS(program->file), rule->line, rule->column,
               SLICE_ARGUMENTS(program->patterns[rule->pattern].text));
}

/* Why something else than a boolean allowed or denied. */
static void append_truth(const struct text_out *text)
{
    const struct valve_result *result = &text->explanation->decision.result;
    bool decided = result->decision == VALVE_ALLOW || result->decision == VALVE_DENY;
    if (text->explanation->rule == NULL || !decided || result->value.type == VALUE_BOOLEAN)
        return;
    buf_append_text(text->out, "  ");
    append_value(text->out, result->value);
    bool is_true = value_truth(result->value);
    buf_printf(text->out, " counts as %s%s\n", is_true ? "true" : "false",
               is_true && result->decision == VALVE_DENY ? ", but only the value true allows" : "");
}

static void append_records(const struct text_out *text)
{
    const struct decision *decision = &text->explanation->decision;
    for (size_t i = 0; i < decision->loaded_count; i++) {
        const struct valve_record *record = &decision->loaded[i];
        buf_append_text(text->out, "  record `");
        append_line(text->out, record->name, SIZE_MAX);
        buf_append_text(text->out, "` ");
        if (record->exists)
            append_line(text->out, record->json, VALUE_BYTES);
        else
            buf_append_text(text->out, "does not exist");
        buf_append_byte(text->out, '\n');
    }
    if (decision->loaded_count > 0)
        buf_printf(text->out, "  evaluated %u times, until all records were there\n",
                   decision->rounds);
}

static void append_path(const struct text_out *text, const struct explain_path *path)
{
    static const char *const WHY[] = {
        [PATH_WINS] = "",
        [PATH_LACKS_RULE] = "but has no rule for this",
        [PATH_SHORTER] = "but a longer path counts before it",
        [PATH_EARLIER] = "but of two paths of the same length the later one counts",
    };
    if (path->outcome == PATH_WINS)
        return;
    buf_printf(text->out, "  path `" SLICE_FORMAT "` (line %u) matches%s, %s\n",
               SLICE_ARGUMENTS(path->pattern->text), path->pattern->line,
               text->explanation->rule != NULL ? " too" : "", WHY[path->outcome]);
}

void explain_text(const struct rules *rules, const struct request *request,
                  const struct valve_options *options, bool colour, struct buf *out)
{
    struct explanation explanation;
    explanation_make(&explanation, rules, request, options);
    struct text_out text = {.explanation = &explanation, .out = out, .colour = colour};
    append_heading(&text);
    append_rule_place(&text);
    append_message(&text);
    append_parts(&text);
    append_truth(&text);
    append_records(&text);
    for (size_t i = 0; i < explanation.paths.count; i++)
        append_path(&text, &explanation.paths.items[i]);
    explanation_free(&explanation);
}
