#include "evaluate_check.h"

#include "base/check.h"
#include "json.h"
#include "parse.h"
#include "treewalk.h"
#include "valvec.h"

#include <stdio.h>

#define MAX_RECORDS 40
#define NAME "one/two"
#define USER_DATA "{\"list\":[1,\"a\",null],\"text\":\"abc\",\"n\":5}"

struct outcome {
    bool judged;
    bool failed;
    struct buf text; /* value as JSON, or the message */
};

static const struct valve_record KNOWN[] = {
    {{NAME, sizeof NAME - 1}, {"{\"ref\":\"a\",\"n\":5}", 17}, true},
    {{"a", 1}, {"{\"list\":[5],\"ref\":\"5\"}", 22}, true},
    {{"5", 1}, {"\"text\"", 6}, true},
    {{"r/a5", 4}, {"[1,2]", 5}, true},
    {{"t", 1}, {"{", 1}, true},
};

static struct valve_request make_request(const struct valve_user *user)
{
    return (struct valve_request){
        .kind = VALVE_RECORD_WRITE,
        .action = 19,
        .name = SLICE(NAME),
        .has_name = true,
        .user = user,
        .payload = VALVE_PAYLOAD_JSON,
        .data = SLICE("{\"list\":[1,\"a\",{\"id\":null}],\"text\":\"Abc \",\"n\":-7.5,"
                      "\"own\":{\"toString\":1}}"),
        .now_ms = 1500000000123.0,
    };
}

static struct valve_record find_record(slice name)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (slice_equal(KNOWN[i].name, name))
            return KNOWN[i];
    }
    return (struct valve_record){.name = name};
}

static void set_outcome(struct outcome *outcome, bool failed, slice message, valve_value value)
{
    outcome->judged = true;
    outcome->failed = failed;
    outcome->text = BUF_EMPTY;
    if (failed)
        buf_append(&outcome->text, message);
    else
        json_write(&outcome->text, value);
}

/* ---- the machine ---- */

static void ignore_value(void *context, uint32_t start, uint32_t end, valve_value value)
{
    (void)context;
    (void)value;
    CHECK(start <= end);
}

static void run_machine(const struct valve_program *program, const struct valve_options *options,
                        struct outcome *outcome)
{
    struct arena arena;
    struct valve_record records[MAX_RECORDS];
    struct valve_user *user = valve_user_new(SLICE("ann"), true, SLICE(USER_DATA));
    struct valve_request request = make_request(user);
    struct valve_result result;
    arena_init(&arena, 0);
    request.records = records;
    for (;;) {
        valve_evaluate(program, &request, options, &arena, &result);
        if (result.decision != VALVE_NEEDS)
            break;
        CHECK(request.record_count < MAX_RECORDS);
        records[request.record_count++] = find_record(result.needs[0]);
    }
    set_outcome(outcome, result.decision == VALVE_ERROR, result.message, result.value);
    valve_user_free(&user);
    arena_fini(&arena);
}

static void write_rules(slice expression, struct buf *out)
{
    buf_append_text(out, "{\"record\":{\"*\":{},\"$a/$b\":{\"write\":");
    json_write_text(out, expression);
    buf_append_text(out, "}},\"event\":{\"*\":{}},\"rpc\":{\"*\":{}},\"presence\":{\"*\":{}}}");
}

/* NULL when the compiler refuses the expression. */
static struct valve_program *compile(slice expression, bool optimise)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct buf rules = BUF_EMPTY, bytes = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    struct valve_program *loaded = NULL;
    struct valve_load_error error = {{0}};
    options.expand_environment = false;
    options.optimise = optimise;
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    write_rules(expression, &rules);
    struct program *program =
        valvec_compile(SLICE("rules.json"), buf_slice(&rules), &options, &arena, &diagnostics);
    if (program != NULL) {
        program_write(program, &bytes);
        if (!valve_program_load(buf_slice(&bytes), &loaded, &error))
            fprintf(stderr, "refused by the loader: %s\n" SLICE_FORMAT "\n", error.message,
                    SLICE_ARGUMENTS(expression));
        CHECK(loaded != NULL);
    }
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
    buf_fini(&rules);
    buf_fini(&bytes);
    return loaded;
}

/* ---- the tree walk ---- */

static struct treewalk_result walk_with_records(const struct ast_node *tree, valve_value user,
                                                struct arena *arena)
{
    struct valve_record records[MAX_RECORDS];
    struct valve_options options = valve_options_default();
    struct valve_request request = make_request(NULL);
    const struct treewalk_variable variables[] = {{SLICE("a"), SLICE("one")},
                                                  {SLICE("b"), SLICE("two")}};
    struct treewalk_result result;
    request.records = records;
    for (;;) {
        result = treewalk(tree, &request, user, variables, 2, &options, arena);
        if (result.status != TREEWALK_NEEDS)
            return result;
        CHECK(request.record_count < MAX_RECORDS);
        records[request.record_count++] = find_record(result.need);
    }
}

static valve_value user_value(struct arena *arena)
{
    valve_value value;
    slice text = SLICE("{\"isAuthenticated\":true,\"id\":\"ann\",\"data\":" USER_DATA "}");
    CHECK(json_read(text, (struct json_limits){16}, arena, &value, NULL));
    return value;
}

static void run_walk(slice expression, struct outcome *outcome)
{
    struct arena arena;
    struct source source;
    struct diagnostics diagnostics;
    const struct text_piece piece = {0, 0};
    arena_init(&arena, 0);
    source_init(&source, SLICE("rule"), expression, &arena);
    diagnostics_init(&diagnostics, &arena);
    struct mapped_text text = {expression, &source, &piece, 1};
    struct ast_node *tree = parse_expression(&text, &arena, &diagnostics);
    CHECK(tree != NULL);
    struct treewalk_result result = walk_with_records(tree, user_value(&arena), &arena);
    set_outcome(outcome, result.status == TREEWALK_ERROR, result.message, result.value);
    outcome->judged = result.status != TREEWALK_TOO_DEEP;
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

/* ---- the comparison ---- */

static void show(const char *who, const struct outcome *outcome)
{
    fprintf(stderr, "%s: %s" SLICE_FORMAT "\n", who, outcome->failed ? "fails with " : "",
            SLICE_ARGUMENTS(buf_slice(&outcome->text)));
}

static void compare(slice expression, const struct outcome *machine, const struct outcome *walk)
{
    bool same = machine->failed == walk->failed &&
                (machine->failed || slice_equal(buf_slice(&machine->text), buf_slice(&walk->text)));
    if (same)
        return;
    fprintf(stderr, "the machine and the tree walk disagree about\n" SLICE_FORMAT "\n",
            SLICE_ARGUMENTS(expression));
    show("machine", machine);
    show("tree walk", walk);
    CHECK(same);
}

static bool check_compiled(slice expression, bool optimise, const struct outcome *walk)
{
    struct valve_program *program = compile(expression, optimise);
    if (program == NULL)
        return false;
    struct valve_trace trace = {.on_value = ignore_value};
    struct valve_options options = valve_options_default();
    for (int i = 0; i < 2; i++) {
        struct outcome machine;
        options.trace = i == 0 ? NULL : &trace;
        run_machine(program, &options, &machine);
        compare(expression, &machine, walk);
        buf_fini(&machine.text);
    }
    valve_program_release(&program);
    return true;
}

enum evaluate_check evaluate_check(slice expression)
{
    struct outcome walk;
    run_walk(expression, &walk);
    enum evaluate_check check = walk.failed ? EVALUATE_SAME_ERROR : EVALUATE_SAME_VALUE;
    if (!walk.judged)
        check = EVALUATE_NOT_JUDGED;
    else if (!check_compiled(expression, true, &walk) || !check_compiled(expression, false, &walk))
        check = EVALUATE_REFUSED;
    buf_fini(&walk.text);
    return check;
}
