/* Reads request lines. Every value is passed on as it is written, so that what the rule sees is
 * what was asked: numbers, lone surrogates and broken payloads alike. */

#include "request.h"

#include "json_members.h"
#include "json.h"

#include <math.h>

#define MANY_RECORDS 16
#define MAX_DEPTH (1u << 20) /* of a line; what the rule reads has its own limit */

enum field {
#define REQUEST_FIELD(name) FIELD_##name,
#include "request_fields.def"
#undef REQUEST_FIELD
    FIELD_COUNT,
};

static const char *const FIELD_NAMES[FIELD_COUNT] = {
#define REQUEST_FIELD(name) #name,
#include "request_fields.def"
#undef REQUEST_FIELD
};

/* The line taken apart: JSON text of each field, at == NULL where it is absent. */
struct request_reader {
    struct request *request;
    struct arena *arena;
    slice fields[FIELD_COUNT];
    slice *message;
};

static bool fail(struct request_reader *reader, slice message)
{
    *reader->message = message;
    return false;
}

static bool fail_field(struct request_reader *reader, enum field field, const char *expected)
{
    return fail(reader,
                arena_printf(reader->arena, "`%s` must be %s", FIELD_NAMES[field], expected));
}

static bool has(const struct request_reader *reader, enum field field)
{
    return reader->fields[field].at != NULL;
}

static valve_value field_value(const struct request_reader *reader, enum field field)
{
    return json_part_value(reader->fields[field], reader->arena);
}

static bool read_text(struct request_reader *reader, enum field field, slice *text)
{
    valve_value value = field_value(reader, field);
    if (value.type != VALUE_TEXT)
        return fail_field(reader, field, "a text");
    *text = value_slice(value);
    return true;
}

/* ---- the line and its fields ---- */

static void take_field(struct request_reader *reader, slice key, slice json)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        if (slice_equal(key, slice_of(FIELD_NAMES[i])))
            reader->fields[i] = json;
    }
}

static bool split(struct request_reader *reader, slice text)
{
    struct json_limits limits = {.max_depth = MAX_DEPTH};
    struct json_error error;
    valve_value whole;
    if (!json_read(text, limits, reader->arena, &whole, &error))
        return fail(reader, arena_printf(reader->arena, "the request is not JSON: %s at byte %zu",
                                         error.message, error.offset));
    if (whole.type != VALUE_OBJECT)
        return fail(reader, SLICE("a request must be an object"));
    struct json_members members = json_members_of(text);
    slice key, json;
    while (json_members_next(&members, reader->arena, &key, &json))
        take_field(reader, key, json);
    return true;
}

/* ---- what is asked ---- */

/* One spelling of the action: its name or its number. */
static bool find_action(struct request_reader *reader, slice section, enum valve_rule_kind *kind)
{
    uint32_t *number = &reader->request->valve.action;
    valve_value action = field_value(reader, FIELD_action);
    slice json = reader->fields[FIELD_action];
    bool known = false;
    if (action.type == VALUE_TEXT) {
        known = valve_action_find(section, value_slice(action), kind, number);
    } else if (action.type == VALUE_NUMBER && action.as.number >= 0 &&
               action.as.number <= UINT32_MAX && action.as.number == floor(action.as.number)) {
        *number = (uint32_t)action.as.number;
        known = valve_action_find_number(section, *number, kind);
    }
    return known ||
           fail(reader, arena_printf(reader->arena, SLICE_FORMAT " has no action " SLICE_FORMAT,
                                     SLICE_ARGUMENTS(section), SLICE_ARGUMENTS(json)));
}

static bool find_rule(struct request_reader *reader, slice section, enum valve_rule_kind *kind)
{
    slice rule;
    if (!read_text(reader, FIELD_rule, &rule))
        return false;
    return valve_rule_kind_find(section, rule, kind) ||
           fail(reader, arena_printf(reader->arena, SLICE_FORMAT " has no rule " SLICE_FORMAT,
                                     SLICE_ARGUMENTS(section),
                                     SLICE_ARGUMENTS(reader->fields[FIELD_rule])));
}

static bool section_exists(slice section)
{
    for (unsigned i = 0; i < VALVE_RULE_KIND_COUNT; i++) {
        if (slice_equal(section,
                        slice_of(valve_rule_kind_info((enum valve_rule_kind)i)->section_name)))
            return true;
    }
    return false;
}

static bool read_kind(struct request_reader *reader)
{
    struct valve_request *valve = &reader->request->valve;
    enum valve_rule_kind asked_by_action = VALVE_RULE_KIND_COUNT;
    slice section = SLICE("");
    if (!has(reader, FIELD_section))
        return fail(reader, SLICE("`section` is missing"));
    if (!read_text(reader, FIELD_section, &section))
        return false;
    if (!section_exists(section))
        return fail(reader, SLICE("`section` must be record, event, rpc or presence"));
    if (!has(reader, FIELD_rule) && !has(reader, FIELD_action))
        return fail(reader, SLICE("`rule` or `action` must be given"));
    if (has(reader, FIELD_rule) && !find_rule(reader, section, &valve->kind))
        return false;
    if (!has(reader, FIELD_action)) {
        valve->action = valve_rule_kind_default_action(valve->kind);
        return true;
    }
    if (!find_action(reader, section, &asked_by_action))
        return false;
    if (has(reader, FIELD_rule) && valve->kind != asked_by_action)
        return fail(reader,
                    arena_printf(reader->arena,
                                 "action " SLICE_FORMAT " asks the rule \"%s\", not " SLICE_FORMAT,
                                 SLICE_ARGUMENTS(reader->fields[FIELD_action]),
                                 valve_rule_kind_info(asked_by_action)->type,
                                 SLICE_ARGUMENTS(reader->fields[FIELD_rule])));
    valve->kind = asked_by_action;
    return true;
}

static bool read_name(struct request_reader *reader)
{
    struct valve_request *valve = &reader->request->valve;
    valve->has_name = has(reader, FIELD_name);
    if (valve->has_name)
        return read_text(reader, FIELD_name, &valve->name);
    if (valve_rule_kind_info(valve->kind)->section != VALVE_SECTION_presence)
        return fail(reader, SLICE("`name` is missing"));
    return true;
}

static bool read_now(struct request_reader *reader)
{
    if (!has(reader, FIELD_now))
        return true;
    valve_value now = field_value(reader, FIELD_now);
    if (now.type != VALUE_NUMBER)
        return fail_field(reader, FIELD_now, "a number of milliseconds");
    reader->request->valve.now_ms = now.as.number;
    return true;
}

/* ---- who asks ---- */

struct user_parts {
    slice id;
    bool is_authenticated;
    bool says_authenticated;
    slice data; /* empty: null */
};

static bool take_user_part(struct request_reader *reader, slice key, slice json,
                           struct user_parts *parts)
{
    valve_value value = json_part_value(json, reader->arena);
    if (slice_equal(key, SLICE("id"))) {
        if (value.type != VALUE_TEXT)
            return fail(reader, SLICE("`user.id` must be a text"));
        parts->id = value_slice(value);
    } else if (slice_equal(key, SLICE("isAuthenticated"))) {
        if (value.type != VALUE_BOOLEAN)
            return fail(reader, SLICE("`user.isAuthenticated` must be true or false"));
        parts->is_authenticated = value.as.boolean;
        parts->says_authenticated = true;
    } else if (slice_equal(key, SLICE("data"))) {
        parts->data = json;
    }
    return true;
}

static bool read_user(struct request_reader *reader)
{
    struct request *request = reader->request;
    struct user_parts parts = {.id = SLICE("open")};
    if (has(reader, FIELD_user)) {
        slice json = reader->fields[FIELD_user];
        request->user_text = json;
        if (json.at[0] != '{')
            return fail_field(reader, FIELD_user, "an object");
        struct json_members members = json_members_of(json);
        slice key, part;
        while (json_members_next(&members, reader->arena, &key, &part)) {
            if (!take_user_part(reader, key, part, &parts))
                return false;
        }
    }
    if (!parts.says_authenticated)
        parts.is_authenticated = !slice_equal(parts.id, SLICE("open"));
    request->user = valve_user_new(parts.id, parts.is_authenticated, parts.data);
    request->valve.user = request->user;
    return request->user != NULL || fail(reader, SLICE("`user` is nested too deeply"));
}

/* ---- payload and records ---- */

static bool read_payload(struct request_reader *reader)
{
    struct valve_request *valve = &reader->request->valve;
    if (has(reader, FIELD_data) && has(reader, FIELD_dataText))
        return fail(reader, SLICE("`data` and `dataText` exclude each other"));
    if (has(reader, FIELD_data)) {
        valve->payload = VALVE_PAYLOAD_JSON;
        valve->data = reader->fields[FIELD_data];
    } else if (has(reader, FIELD_dataText)) {
        valve->payload = VALVE_PAYLOAD_JSON;
        return read_text(reader, FIELD_dataText, &valve->data);
    }
    return true;
}

static void add_record(struct request *request, slice name, slice json)
{
    request->records[request->record_count++] = (struct valve_record){
        .name = name, .json = json, .exists = !slice_equal(json, SLICE("null"))};
}

static uint32_t count_members(slice json, struct arena *arena)
{
    struct json_members members = json_members_of(json);
    uint32_t count = 0;
    slice key, part;
    struct arena_mark mark = arena_mark(arena);
    while (json_members_next(&members, arena, &key, &part))
        count++;
    arena_reset(arena, mark);
    return count;
}

/* Of repeated keys the last one counts, as in every JSON object. */
static void reverse(struct valve_record *records, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct valve_record kept = records[i];
        records[i] = records[count - 1 - i];
        records[count - 1 - i] = kept;
    }
}

static void index_records(struct request *request)
{
    if (request->record_count <= MANY_RECORDS)
        return;
    hashmap_init(&request->index);
    for (size_t i = request->record_count; i > 0; i--)
        hashmap_put(&request->index, request->records[i - 1].name, &request->records[i - 1]);
}

/* The first record of a name counts, so oldData goes first. */
static bool read_records(struct request_reader *reader)
{
    struct request *request = reader->request;
    slice json = has(reader, FIELD_records) ? reader->fields[FIELD_records] : SLICE("{}");
    if (json.at[0] != '{')
        return fail_field(reader, FIELD_records, "an object");
    size_t capacity = (size_t)count_members(json, reader->arena) + 1;
    request->records = arena_alloc(reader->arena, capacity * sizeof *request->records);
    bool is_record = valve_rule_kind_info(request->valve.kind)->section == VALVE_SECTION_record;
    if (has(reader, FIELD_oldData) && is_record)
        add_record(request, request->valve.name, reader->fields[FIELD_oldData]);
    size_t first = request->record_count;
    struct json_members members = json_members_of(json);
    slice key, part;
    while (json_members_next(&members, reader->arena, &key, &part))
        add_record(request, key, part);
    reverse(request->records + first, request->record_count - first);
    index_records(request);
    return true;
}

bool request_read(slice text, double now_ms, struct arena *arena, struct request *request,
                  slice *message)
{
    struct request_reader reader = {.request = request, .arena = arena, .message = message};
    *request = (struct request){.valve = {.now_ms = now_ms}};
    return split(&reader, text) && read_kind(&reader) && read_name(&reader) && read_now(&reader) &&
           read_user(&reader) && read_payload(&reader) && read_records(&reader);
}

void request_free(struct request *request)
{
    valve_user_free(&request->user);
    hashmap_fini(&request->index);
}

static const struct valve_record *find_record(const struct request *request, slice name)
{
    if (request->index.count > 0)
        return hashmap_find(&request->index, name);
    for (size_t i = 0; i < request->record_count; i++) {
        if (slice_equal(request->records[i].name, name))
            return &request->records[i];
    }
    return NULL;
}

struct valve_record request_record(const struct request *request, slice name)
{
    const struct valve_record *found = find_record(request, name);
    return found != NULL ? *found : (struct valve_record){.name = name};
}
