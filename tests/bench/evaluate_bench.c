/* What one decision costs, look-up and payload included, without a process around it: the best of
 * several rounds for each rule, and the time to load 10,000 rules. Every answer is checked.
 *
 *     evaluate_bench [ROUNDS] */

#include "base/check.h"
#include "support/program_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DECISIONS 100000
#define OTHER_PATHS 1000
#define LOADED_RULES 10000

struct scenario {
    const char *title;
    enum valve_rule_kind kind;
    const char *name;
};

static const struct scenario SCENARIOS[] = {
    {"true", VALVE_RECORD_READ, "literal/abc"},
    {"$x === user.id", VALVE_RECORD_READ, "users/ann"},
    {"user.data.role === 'admin'", VALVE_RECORD_READ, "role/abc"},
    {"the same && data.price > 10 && data.name === 'widget'", VALVE_RECORD_WRITE, "data/abc"},
};

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static const char *path_number(struct arena *arena, int number)
{
    return arena_printf(arena, "other/%d/$x", number).at;
}

static void add_owner_rule(struct program_builder *builder, uint32_t path, uint32_t id)
{
    builder_rule(builder, VALVE_RECORD_READ, path, "$x === user.id", RULE_NEEDS_VARIABLES, 2,
                 CODE(I(LOAD_VARIABLE, 0), I(LOAD_USER, 0), I(GET_MEMBER, id), I(STRICT_EQUAL, 0),
                      I(RETURN, 0)));
}

static void add_role_rules(struct program_builder *builder)
{
    uint32_t role_path = builder_pattern(builder, VALVE_SECTION_record, "role/*");
    uint32_t data_path = builder_pattern(builder, VALVE_SECTION_record, "data/*");
    uint32_t data = builder_text(builder, "data"), role = builder_text(builder, "role");
    uint32_t admin = builder_text(builder, "admin"), price = builder_text(builder, "price");
    uint32_t name = builder_text(builder, "name"), widget = builder_text(builder, "widget");
    builder_rule(builder, VALVE_RECORD_READ, role_path, SCENARIOS[2].title, 0, 2,
                 CODE(I(LOAD_USER, 0), I(GET_MEMBER, data), I(GET_MEMBER, role),
                      I(LOAD_CONSTANT, admin), I(STRICT_EQUAL, 0), I(RETURN, 0)));
    builder_rule(builder, VALVE_RECORD_WRITE, data_path, SCENARIOS[3].title, RULE_NEEDS_DATA, 2,
                 CODE(I(LOAD_USER, 0), I(GET_MEMBER, data), I(GET_MEMBER, role),
                      I(LOAD_CONSTANT, admin), I(STRICT_EQUAL, 0), I(JUMP_OR_POP_IF_FALSE, 15),
                      I(LOAD_DATA, 0), I(GET_MEMBER, price), I(LOAD_INTEGER, 10), I(GREATER, 0),
                      I(JUMP_OR_POP_IF_FALSE, 15), I(LOAD_DATA, 0), I(GET_MEMBER, name),
                      I(LOAD_CONSTANT, widget), I(STRICT_EQUAL, 0), I(RETURN, 0)));
}

static struct valve_program *make_program(void)
{
    struct program_builder builder;
    builder_init(&builder);
    uint32_t literal = builder_pattern(&builder, VALVE_SECTION_record, "literal/*");
    uint32_t id = builder_text(&builder, "id");
    builder_rule(&builder, VALVE_RECORD_READ, literal, "true", 0, 1,
                 CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    add_owner_rule(&builder, builder_pattern(&builder, VALVE_SECTION_record, "users/$x"), id);
    add_role_rules(&builder);
    for (int i = 0; i < OTHER_PATHS; i++)
        add_owner_rule(
            &builder,
            builder_pattern(&builder, VALVE_SECTION_record, path_number(&builder.arena, i)), id);
    struct valve_program *program = builder_load(&builder);
    builder_fini(&builder);
    return program;
}

static void decide(const struct valve_program *program, const struct valve_request *request,
                   const struct valve_options *options, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct valve_result result;
    valve_evaluate(program, request, options, arena, &result);
    CHECK(result.decision == VALVE_ALLOW);
    arena_reset(arena, mark);
}

static double time_scenario(const struct valve_program *program, const struct scenario *scenario,
                            int rounds)
{
    struct valve_user *user = valve_user_new(SLICE("ann"), true, SLICE("{\"role\":\"admin\"}"));
    struct valve_options options = valve_options_default();
    struct valve_request request = {
        .kind = scenario->kind,
        .name = slice_of(scenario->name),
        .has_name = true,
        .user = user,
        .payload = VALVE_PAYLOAD_JSON,
        .data = SLICE("{\"price\":12,\"name\":\"widget\",\"tags\":[\"a\",\"b\"]}"),
    };
    struct arena arena;
    arena_init(&arena, 0);
    arena_alloc(&arena, 1); /* the first chunk stays between decisions */
    double best = 1e18;
    for (int round = 0; round < rounds; round++) {
        double start = now_ns();
        for (int i = 0; i < DECISIONS; i++)
            decide(program, &request, &options, &arena);
        double spent = (now_ns() - start) / DECISIONS;
        best = spent < best ? spent : best;
    }
    arena_fini(&arena);
    valve_user_free(&user);
    return best;
}

static double time_load(int rounds)
{
    struct program_builder builder;
    struct buf bytes = BUF_EMPTY;
    double best = 1e18;
    builder_init(&builder);
    uint32_t id = builder_text(&builder, "id");
    for (int i = 0; i < LOADED_RULES; i++)
        add_owner_rule(
            &builder,
            builder_pattern(&builder, VALVE_SECTION_record, path_number(&builder.arena, i)), id);
    program_write(builder_program(&builder), &bytes);
    for (int round = 0; round < rounds; round++) {
        struct valve_program *program = NULL;
        struct valve_load_error error;
        double start = now_ns();
        CHECK(valve_program_load(buf_slice(&bytes), &program, &error));
        double spent = now_ns() - start;
        best = spent < best ? spent : best;
        CHECK(valve_program_contents(program)->rule_count == LOADED_RULES);
        valve_program_release(&program);
    }
    buf_fini(&bytes);
    builder_fini(&builder);
    return best;
}

int main(int argc, char **argv)
{
    long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    int rounds = wanted > 0 && wanted <= 1000 ? (int)wanted : 10;
    struct valve_program *program = make_program();
    for (size_t i = 0; i < sizeof SCENARIOS / sizeof *SCENARIOS; i++)
        printf("%8.1f ns  %s\n", time_scenario(program, &SCENARIOS[i], rounds), SCENARIOS[i].title);
    printf("%8.1f ms  loading %d rules\n", time_load(rounds) / 1e6, LOADED_RULES);
    valve_program_release(&program);
    return 0;
}
