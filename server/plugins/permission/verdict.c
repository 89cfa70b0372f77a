/* From a decision to a verdict, and what the log says when a rule could not decide. */

#include "plugins/permission/rule_permission.h"

#define SHOWN_NAME_BYTES 200

/* The beginning of a name that a client chose, up to a whole character. */
static void append_name(struct buf *out, slice name)
{
    size_t length = name.length;
    if (length > SHOWN_NAME_BYTES) {
        length = SHOWN_NAME_BYTES;
        while (length > 0 && ((unsigned char)name.at[length] & 0xC0) == 0x80)
            length--;
    }
    buf_append_byte(out, '"');
    buf_append(out, slice_part(name, 0, length));
    buf_append_text(out, length < name.length ? "...\"" : "\"");
}

static void write_error(const struct rule_permission *permission,
                        const struct valve_request *request, const struct valve_result *result,
                        struct buf *out)
{
    const struct valve_rule_kind_info *kind = valve_rule_kind_info(request->kind);
    rule_source_place(&permission->source, result->line, result->column, out);
    buf_printf(out, " %s/%s \"" SLICE_FORMAT "\": " SLICE_FORMAT " (user ", kind->section_name,
               kind->type, SLICE_ARGUMENTS(result->pattern), SLICE_ARGUMENTS(result->message));
    append_name(out, valve_user_id(request->user));
    if (request->has_name) {
        buf_append_text(out, ", name ");
        append_name(out, request->name);
    }
    buf_printf(out, ", action %u)", request->action);
}

static void log_error(const struct rule_permission *permission, const struct valve_request *request,
                      const struct valve_result *result)
{
    const struct ds_services *services = permission->services;
    if (!services->log_wants(services->host, DS_WARN))
        return;
    struct buf text = BUF_EMPTY;
    write_error(permission, request, result, &text);
    services->log(services->host, DS_WARN, "MESSAGE_PERMISSION_ERROR", buf_slice(&text));
    buf_fini(&text);
}

enum ds_verdict rule_verdict(const struct rule_permission *permission,
                             const struct valve_request *request, const struct valve_result *result)
{
    switch (result->decision) {
    case VALVE_ALLOW:
        return DS_ALLOW;
    case VALVE_DENY:
        return DS_DENY;
    case VALVE_ERROR:
    case VALVE_NEEDS:
        break;
    }
    log_error(permission, request, result);
    return DS_UNDECIDED;
}

void rule_log_load_error(const struct rule_permission *permission, slice name, const char *reason)
{
    const struct ds_services *services = permission->services;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "failed to load record ");
    append_name(&text, name);
    buf_printf(&text, " for permissioning:%s", reason);
    services->log(services->host, DS_ERROR, "RECORD_LOAD_ERROR", buf_slice(&text));
    buf_fini(&text);
}
