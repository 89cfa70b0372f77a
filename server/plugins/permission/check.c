/* One check: the question becomes a request of the engine; most are decided without another word.
 */

#include "plugins/permission/rule_permission.h"

#include <uv.h>

static double now_ms(void)
{
    uv_timeval64_t now;
    uv_gettimeofday(&now);
    return (double)(now.tv_sec * 1000 + now.tv_usec / 1000);
}

bool rule_request_init(const struct rule_permission *permission,
                       const struct ds_permission_request *question, struct valve_request *request)
{
    static const enum valve_payload payloads[] = {[DS_PAYLOAD_NONE] = VALVE_PAYLOAD_NONE,
                                                  [DS_PAYLOAD_JSON] = VALVE_PAYLOAD_JSON,
                                                  [DS_PAYLOAD_TEXT] = VALVE_PAYLOAD_TEXT};
    if (question->topic >= RULE_TOPIC_COUNT || question->action >= RULE_ACTION_COUNT)
        return false;
    int kind = permission->kinds[question->topic][question->action];
    if (kind < 0)
        return false;
    *request = (struct valve_request){
        .kind = (enum valve_rule_kind)kind,
        .action = question->action,
        .name = question->name,
        .has_name = question->has_name,
        .user = question->user,
        .payload = payloads[question->payload],
        .data = question->data,
        .now_ms = now_ms(),
    };
    return true;
}

void rule_check(void *self, const struct ds_permission_request *question, ds_verdict_done *done,
                void *context)
{
    struct rule_permission *permission = self;
    struct valve_request request;
    struct valve_record known;
    struct valve_result result;
    if (!rule_request_init(permission, question, &request)) {
        done(context, DS_DENY);
        return;
    }
    if (question->record != NULL) {
        known = (struct valve_record){.name = question->name,
                                      .json = question->record->data,
                                      .exists = question->record->version != DS_MISSING};
        request.records = &known;
        request.record_count = 1;
    }
    struct arena_mark mark = arena_mark(&permission->arena);
    valve_evaluate(permission->program, &request, &permission->options, &permission->arena,
                   &result);
    if (result.decision == VALVE_NEEDS) {
        struct loading_check *check =
            loading_check_new(permission, &request, &result, done, context);
        arena_reset(&permission->arena, mark);
        loading_check_run(check);
        return;
    }
    enum ds_verdict verdict = rule_verdict(permission, &request, &result);
    arena_reset(&permission->arena, mark);
    done(context, verdict);
}
