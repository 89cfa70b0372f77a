/* Writes result lines. */

#include "result_line.h"

#include "json.h"

static void append_loaded(struct buf *out, const struct decision *decision)
{
    buf_append_text(out, ",\"loaded\":[");
    for (size_t i = 0; i < decision->loaded_count; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        json_write_text(out, decision->loaded[i].name);
    }
    buf_append_byte(out, ']');
}

static void append_message(struct buf *out, slice message)
{
    buf_append_text(out, ",\"message\":");
    json_write_text(out, message);
}

void result_line_append(struct buf *out, const struct request *request,
                        const struct decision *decision)
{
    const struct valve_result *result = &decision->result;
    buf_printf(out, "{\"decision\":\"%s\",\"value\":", decision_name(result->decision));
    json_write(out, result->value);
    buf_append_text(out, ",\"pattern\":");
    json_write_text(out, result->pattern);
    buf_printf(out, ",\"rule\":\"%s\",\"line\":%u,\"column\":%u,\"rounds\":%u",
               valve_rule_kind_info(request->valve.kind)->type, result->line, result->column,
               decision->rounds);
    append_loaded(out, decision);
    if (result->decision == VALVE_ERROR)
        append_message(out, result->message);
    buf_append_byte(out, '}');
}

void result_line_append_unreadable(struct buf *out, slice message)
{
    buf_append_text(out, "{\"decision\":\"error\",\"value\":{\"$\":\"undefined\"},\"pattern\":\"\","
                         "\"rule\":\"\",\"line\":0,\"column\":0,\"rounds\":0,\"loaded\":[]");
    append_message(out, message);
    buf_append_byte(out, '}');
}
