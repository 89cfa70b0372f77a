/* What one decision costs in a process of its own, without the command around it: the scenarios of
 * scenarios.mjs, as the best of several rounds, and the time to load
 * 10,000 rules. Every answer is checked.
 *
 *     evaluate_bench [ROUNDS [SCENARIO]]
 *
 * With the number of a scenario only that one runs, for perf and callgrind. */

#include "base/check.h"
#include "base/vec.h"
#include "support/compile_text.h"
#include "valve.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DECISIONS 100000
#define LOADED_PATHS 10000
#define SPREAD 7919 /* a prime: visits numbered names in an order that no prefetcher guesses */

#define TICK "{\"price\":12.5,\"symbol\":\"EURUSD\",\"volume\":1000}"

struct scenario {
    const char *title;
    enum valve_rule_kind kind;
    const char *path; /* `#` is the number of a path */
    const char *rule;
    const char *name; /* `#` is a number below `names` */
    uint32_t paths, names;
};

#define ROOT_RULE(title, rule, name)                                                               \
    {                                                                                              \
        title, VALVE_EVENT_PUBLISH, "*", rule, name, 1, 16                                         \
    }

static const struct scenario SCENARIOS[] = {
    ROOT_RULE("literal true", "true", "news/#"),
    {"variable equals user id", VALVE_EVENT_PUBLISH, "inbox/$x", "$x === user.id", "inbox/alice", 1,
     1},
    ROOT_RULE("role and two comparisons",
              "user.data.role === 'trader' && data.price > 10 && data.symbol === 'EURUSD'", "tick"),
    ROOT_RULE("string functions",
              "name.startsWith('fx/') && data.symbol.toLowerCase().includes('usd')", "fx/#"),
    ROOT_RULE("regular expression", "data.symbol.match(/^[A-Z]{3}(USD|EUR)$/) !== null", "fx/#"),
    {"fresh names", VALVE_EVENT_PUBLISH, "*", "true", "session/#/events", 1, 100000},
    {"10 paths", VALVE_EVENT_PUBLISH, "topic#/$who", "$who !== user.id", "topic#/user", 10, 10000},
    {"1,000 paths", VALVE_EVENT_PUBLISH, "topic#/$who", "$who !== user.id", "topic#/user", 1000,
     10000},
    {"10,000 paths", VALVE_EVENT_PUBLISH, "topic#/$who", "$who !== user.id", "topic#/user", 10000,
     10000},
    {"cross reference", VALVE_RECORD_READ, "*", "_('members/' + user.id).active === true", "doc/1",
     1, 1},
};

#define SCENARIO_COUNT (sizeof SCENARIOS / sizeof *SCENARIOS)

struct run {
    const struct scenario *scenario;
    struct arena texts;
    struct valve_program *program;
    struct valve_user *user;
    VEC(struct valve_request) requests;
};

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void append_numbered(struct buf *out, const char *text, uint32_t number)
{
    for (; *text != '\0'; text++) {
        if (*text == '#')
            buf_printf(out, "%u", number);
        else
            buf_append_byte(out, *text);
    }
}

static void write_rules(const struct scenario *scenario, struct buf *out)
{
    bool of_events = scenario->kind == VALVE_EVENT_PUBLISH;
    const char *type = of_events ? "publish" : "read";
    buf_append_text(out, of_events ? "record: {'*': {read: true}}\n" : "event: {'*': {}}\n");
    buf_append_text(out, "rpc: {'*': {request: true}}\npresence: {'*': {allow: true}}\n");
    buf_append_text(out, of_events ? "event:\n" : "record:\n");
    for (uint32_t i = 0; i < scenario->paths; i++) {
        buf_append_text(out, "  \"");
        append_numbered(out, scenario->path, i);
        buf_printf(out, "\": {%s: \"%s\"}\n", type, scenario->rule);
    }
    if (strcmp(scenario->path, "*") != 0)
        buf_printf(out, "  \"*\": {%s: false}\n", type);
}

static void compile(const struct scenario *scenario, struct buf *bytes)
{
    struct buf text = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    struct compiled compiled;
    write_rules(scenario, &text);
    compile_file(&compiled, SLICE("bench.yml"), buf_slice(&text), &options);
    CHECK(compiled.program != NULL);
    program_write(compiled.program, bytes);
    compiled_fini(&compiled);
    buf_fini(&text);
}

static struct valve_program *load(const struct scenario *scenario)
{
    struct buf bytes = BUF_EMPTY;
    struct valve_program *program;
    struct valve_load_error error;
    compile(scenario, &bytes);
    double start = now_ns();
    CHECK(valve_program_load(buf_slice(&bytes), &program, &error));
    if (scenario->paths >= LOADED_PATHS)
        printf("%8.1f ms  loading %u paths\n", (now_ns() - start) / 1e6, scenario->paths);
    buf_fini(&bytes);
    return program;
}

static slice request_name(struct run *run, uint32_t i)
{
    const struct scenario *scenario = run->scenario;
    struct buf text = BUF_EMPTY;
    uint32_t bound = scenario->paths > 1 ? scenario->paths : scenario->names;
    append_numbered(&text, scenario->name, (uint32_t)((uint64_t)i * SPREAD % bound));
    slice name = arena_copy(&run->texts, buf_slice(&text));
    buf_fini(&text);
    return name;
}

static void run_init(struct run *run, const struct scenario *scenario)
{
    *run = (struct run){.scenario = scenario, .program = load(scenario)};
    arena_init(&run->texts, 0);
    run->user =
        valve_user_new(SLICE("alice"), true, SLICE("{\"role\":\"trader\",\"team\":\"fx\"}"));
    for (uint32_t i = 0; i < scenario->names; i++)
        VEC_PUSH(&run->requests, ((struct valve_request){.kind = scenario->kind,
                                                         .name = request_name(run, i),
                                                         .has_name = true,
                                                         .user = run->user,
                                                         .payload = VALVE_PAYLOAD_JSON,
                                                         .data = SLICE(TICK)}));
}

static void run_fini(struct run *run)
{
    VEC_FREE(&run->requests);
    valve_user_free(&run->user);
    valve_program_release(&run->program);
    arena_fini(&run->texts);
}

/* As a host does that has the record at hand. */
static void decide_again(const struct run *run, struct valve_request request,
                         const struct valve_options *options, struct arena *arena,
                         struct valve_result *result)
{
    struct valve_record record = {.name = result->needs[0],
                                  .json = SLICE("{\"active\":true,\"since\":2019}"),
                                  .exists = true};
    request.records = &record;
    request.record_count = 1;
    valve_evaluate(run->program, &request, options, arena, result);
}

static void decide_all(const struct run *run, const struct valve_options *options,
                       struct arena *arena)
{
    size_t count = run->requests.count;
    for (size_t i = 0, next = 0; i < DECISIONS; i++) {
        const struct valve_request *request = &run->requests.items[next];
        next = next + 1 == count ? 0 : next + 1;
        struct arena_mark mark = arena_mark(arena);
        struct valve_result result;
        valve_evaluate(run->program, request, options, arena, &result);
        if (result.decision == VALVE_NEEDS)
            decide_again(run, *request, options, arena, &result);
        CHECK(result.decision == VALVE_ALLOW);
        arena_reset(arena, mark);
    }
}

static void time_scenario(const struct scenario *scenario, long rounds)
{
    struct run run;
    struct arena arena;
    struct valve_options options = valve_options_default();
    double best = 1e18;
    run_init(&run, scenario);
    arena_init(&arena, 0);
    arena_alloc(&arena, 1); /* the first chunk stays between decisions */
    for (long round = 0; round < rounds; round++) {
        double start = now_ns();
        decide_all(&run, &options, &arena);
        double spent = (now_ns() - start) / DECISIONS;
        best = spent < best ? spent : best;
    }
    printf("%8.1f ns  %s\n", best, scenario->title);
    arena_fini(&arena);
    run_fini(&run);
}

int main(int argc, char **argv)
{
    long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
    long rounds = wanted > 0 && wanted <= 1000 ? wanted : 20;
    long only = argc > 2 ? strtol(argv[2], NULL, 10) : -1;
    for (size_t i = 0; i < SCENARIO_COUNT; i++)
        if (only < 0 || (size_t)only == i)
            time_scenario(&SCENARIOS[i], rounds);
    return 0;
}
