/* What a rule reads besides its own text: the payload and records. They are parsed when first read,
 * and once per evaluation. */

#include "vm.h"

#include "base/utf8.h"
#include "json.h"

static bool read_json(struct vm *vm, slice what, slice json, valve_value *value)
{
    struct evaluation *evaluation = &vm->evaluation;
    struct json_limits limits = {.max_depth = evaluation->options->max_json_depth};
    struct json_error error;
    if (json.length >= UINT32_MAX)
        return evaluation_fail(evaluation, "RangeError: " SLICE_FORMAT " is too large",
                               SLICE_ARGUMENTS(what));
    if (json_read(json, limits, evaluation->arena, value, &error))
        return true;
    return evaluation_fail(evaluation, "SyntaxError: " SLICE_FORMAT " is not JSON: %s at byte %zu",
                           SLICE_ARGUMENTS(what), error.message, error.offset);
}

static bool read_payload_text(struct vm *vm, slice text, valve_value *value)
{
    if (text.length >= UINT32_MAX)
        return evaluation_fail(&vm->evaluation, "RangeError: data is too large");
    if (!utf8_valid(text, false))
        return evaluation_fail(&vm->evaluation, "SyntaxError: data is not UTF-8");
    *value = value_text(text);
    return true;
}

static bool read_payload(struct vm *vm, valve_value *value)
{
    switch (vm->request->payload) {
    case VALVE_PAYLOAD_JSON:
        return read_json(vm, SLICE("data"), vm->request->data, value);
    case VALVE_PAYLOAD_TEXT:
        return read_payload_text(vm, vm->request->data, value);
    case VALVE_PAYLOAD_NONE:
        break;
    }
    *value = value_undefined();
    return true;
}

bool vm_read_data(struct vm *vm, valve_value *data)
{
    if (!vm->data_is_read) {
        if (!read_payload(vm, &vm->data))
            return false;
        vm->data_is_read = true;
    }
    *data = vm->data;
    return true;
}

static const struct valve_record *find_record(const struct valve_request *request, slice name)
{
    for (size_t i = 0; i < request->record_count; i++) {
        if (slice_equal(request->records[i].name, name))
            return &request->records[i];
    }
    return NULL;
}

static bool parse_record(struct vm *vm, const struct valve_record *record, valve_value *value)
{
    *value = value_null();
    return !record->exists || read_json(vm, SLICE("a record"), record->json, value);
}

static bool remember(struct vm *vm, slice name, valve_value value)
{
    struct vm_record *known = evaluation_alloc(&vm->evaluation, sizeof *known);
    if (known == NULL)
        return false;
    *known = (struct vm_record){.next = vm->records, .name = name, .value = value};
    vm->records = known;
    vm->record_count++;
    return true;
}

static bool read_new_record(struct vm *vm, slice name, valve_value *value)
{
    uint32_t max_loads = vm->evaluation.options->max_loads;
    if (vm->record_count >= max_loads)
        return evaluation_fail(&vm->evaluation, "RangeError: the rule reads more than %u records",
                               max_loads);
    const struct valve_record *record = find_record(vm->request, name);
    if (record == NULL) {
        vm->is_suspended = true;
        vm->needed = name;
        return false;
    }
    return parse_record(vm, record, value) && remember(vm, name, *value);
}

static bool read_record(struct vm *vm, slice name, valve_value *value)
{
    for (const struct vm_record *known = vm->records; known != NULL; known = known->next) {
        if (slice_equal(known->name, name)) {
            *value = known->value;
            return true;
        }
    }
    return read_new_record(vm, name, value);
}

bool vm_read_old_data(struct vm *vm, valve_value *old_data)
{
    if (vm->name.type != VALUE_TEXT)
        return evaluation_fail(&vm->evaluation, "TypeError: there is no oldData without a name");
    return read_record(vm, value_slice(vm->name), old_data);
}

/* The nesting is judged after the argument: what loads nothing never counted (valve.md 6.1). */
bool vm_cross_reference(struct vm *vm, uint32_t depth, valve_value *top)
{
    uint32_t max_iterations = vm->evaluation.options->max_rule_iterations;
    if (top->type == VALUE_UNDEFINED)
        return true;
    if (top->type != VALUE_TEXT)
        return evaluation_fail(&vm->evaluation, "crossreference got unsupported type " SLICE_FORMAT,
                               SLICE_ARGUMENTS(value_type_of(*top)));
    if (max_iterations != 0 && depth > max_iterations - 1)
        return evaluation_fail(&vm->evaluation, "Exceeded max iteration count");
    return read_record(vm, value_slice(*top), top);
}
