/* Program loader and machine on hostile bytes. The header is mended so that the checksum does not
 * stand in the way; what then loads must be written again as the same bytes, every rule of it must
 * run to a decision within small budgets, and both spellings of the loop must agree. */

#include "base/buf.h"
#include "base/check.h"
#include "json.h"
#include "program.h"
#include "program_format.h"

#define MAX_ROUNDS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_integer(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_append_byte(out, (char)(uint8_t)(value >> 8 * i));
}

static void mend(slice body, struct buf *out)
{
    uint8_t checksum[PROGRAM_CHECKSUM_BYTES];
    program_checksum(body, checksum);
    buf_append(out, (slice){PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES});
    append_integer(out, PROGRAM_FORMAT_VERSION, 4);
    append_integer(out, 0, 4);
    append_integer(out, body.length, 8);
    buf_append(out, (slice){(const char *)checksum, sizeof checksum});
    buf_append(out, body);
}

static void ignore_value(void *context, uint32_t start, uint32_t end, valve_value value)
{
    (void)context;
    (void)value;
    CHECK(start <= end);
}

static void write_result(const struct valve_result *result, struct buf *out)
{
    buf_printf(out, "%d %u:%u %u ", result->decision, result->line, result->column, result->rule);
    buf_append(out, result->message);
    json_write(out, result->value);
}

static void evaluate(const struct valve_program *program, const struct valve_request *request,
                     struct arena *arena, struct valve_result *result)
{
    struct valve_options options = valve_options_default();
    options.max_steps = 20000;
    options.max_memory_bytes = 1024 * 1024;
    options.max_text_bytes = 64 * 1024;
    options.max_regex_steps = 2000;
    valve_evaluate(program, request, &options, arena, result);

    struct valve_trace trace = {.on_value = ignore_value};
    struct valve_result watched;
    struct buf one = BUF_EMPTY, two = BUF_EMPTY;
    options.trace = &trace;
    valve_evaluate(program, request, &options, arena, &watched);
    write_result(result, &one);
    write_result(&watched, &two);
    CHECK(slice_equal(buf_slice(&one), buf_slice(&two)));
    buf_fini(&one);
    buf_fini(&two);
}

/* Gives the rule each record that it asks for, until it decides. */
static void decide(const struct valve_program *program, struct valve_request *request)
{
    struct arena arena;
    struct valve_record records[MAX_ROUNDS];
    arena_init(&arena, (size_t)32 * 1024 * 1024);
    request->records = records;
    for (request->record_count = 0; request->record_count < MAX_ROUNDS; request->record_count++) {
        struct valve_result result;
        evaluate(program, request, &arena, &result);
        if (result.decision != VALVE_NEEDS)
            break;
        records[request->record_count] = (struct valve_record){
            .name = result.needs[0],
            .json = SLICE("{\"a\":[1,\"two\",null],\"b\":\"a/b\",\"c\":{\"d\":-0.5}}"),
            .exists = request->record_count != 1,
        };
    }
    arena_fini(&arena);
}

static void ask_rule(const struct valve_program *program, const struct program_rule *rule,
                     const struct valve_user *user)
{
    /* A path's text is also a name that it matches, unless it holds regular-expression characters.
     */
    struct valve_request request = {
        .kind = rule->kind,
        .action = valve_rule_kind_default_action(rule->kind),
        .name = valve_program_contents(program)->patterns[rule->pattern].text,
        .has_name = true,
        .user = user,
        .payload = VALVE_PAYLOAD_JSON,
        .data = SLICE("{\"a\":[1,2],\"b\":\"text\",\"c\":null}"),
        .now_ms = 1500000000000.0,
    };
    decide(program, &request);
    request.payload = VALVE_PAYLOAD_NONE;
    request.has_name = false;
    decide(program, &request);
}

static void run_all(const struct valve_program *program, slice bytes)
{
    const struct program *contents = valve_program_contents(program);
    struct valve_user *user = valve_user_new(SLICE("ann"), true, SLICE("{\"role\":\"admin\"}"));
    struct buf out = BUF_EMPTY;
    program_write(contents, &out);
    CHECK(slice_equal(buf_slice(&out), bytes));
    buf_clear(&out);
    for (uint32_t i = 0; i < contents->rule_count; i++) {
        program_disassemble(contents, i, &out);
        ask_rule(program, &contents->rules[i], user);
    }
    buf_fini(&out);
    valve_user_free(&user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct valve_program *program = NULL;
    struct valve_load_error error;
    slice bytes = {(const char *)data, size};
    struct buf mended = BUF_EMPTY;
    if (size < PROGRAM_HEADER_BYTES)
        return 0;
    if (valve_program_load(bytes, &program, &error))
        valve_program_release(&program);
    mend(slice_part(bytes, PROGRAM_HEADER_BYTES, size), &mended);
    if (valve_program_load(buf_slice(&mended), &program, &error))
        run_all(program, buf_slice(&mended));
    valve_program_release(&program);
    buf_fini(&mended);
    return 0;
}
