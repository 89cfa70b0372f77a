/* The place of the rules in force, with readers and a writer at once. Run it under the thread
 * sanitizer: it has little to say otherwise. */

#include "support/program_builder.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define READERS 3
#define ROUNDS 2000

static struct valve_program *program_of(enum opcode answer)
{
    struct program_builder builder;
    builder_init(&builder);
    uint32_t path = builder_pattern(&builder, VALVE_SECTION_record, "*");
    builder_rule(&builder, VALVE_RECORD_READ, path, "answer", 0, 1,
                 CODE(instruction_make(answer, 0), I(RETURN, 0)));
    struct valve_program *program = builder_load(&builder);
    builder_fini(&builder);
    return program;
}

static enum valve_decision decide(const struct valve_program *program, struct valve_user *user,
                                  struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct valve_options options = valve_options_default();
    struct valve_request request = {
        .kind = VALVE_RECORD_READ, .name = SLICE("a"), .has_name = true, .user = user};
    struct valve_result result;
    valve_evaluate(program, &request, &options, arena, &result);
    enum valve_decision decision = result.decision;
    arena_reset(arena, mark);
    return decision;
}

static void a_swap_leaves_acquired_programs_in_place(void **state)
{
    (void)state;
    struct arena arena;
    struct valve_user *user = valve_user_new(SLICE("ann"), true, SLICE(""));
    struct valve_ruleset *ruleset = valve_ruleset_new(program_of(OP_LOAD_FALSE));
    arena_init(&arena, 0);

    struct valve_program *before = valve_ruleset_acquire(ruleset);
    valve_ruleset_swap(ruleset, program_of(OP_LOAD_TRUE));
    struct valve_program *after = valve_ruleset_acquire(ruleset);
    assert_int_equal(decide(before, user, &arena), VALVE_DENY);
    assert_int_equal(decide(after, user, &arena), VALVE_ALLOW);

    valve_program_release(&before);
    valve_program_release(&after);
    valve_ruleset_free(&ruleset);
    assert_null(ruleset);
    valve_user_free(&user);
    arena_fini(&arena);
}

static void a_program_outlives_its_ruleset_while_it_is_held(void **state)
{
    (void)state;
    struct arena arena;
    struct valve_user *user = valve_user_new(SLICE("ann"), true, SLICE(""));
    struct valve_ruleset *ruleset = valve_ruleset_new(program_of(OP_LOAD_TRUE));
    struct valve_program *held = valve_ruleset_acquire(ruleset);
    valve_ruleset_free(&ruleset);
    arena_init(&arena, 0);
    assert_int_equal(decide(held, user, &arena), VALVE_ALLOW);
    valve_program_release(&held);
    valve_user_free(&user);
    arena_fini(&arena);
}

struct shared {
    struct valve_ruleset *ruleset;
    struct valve_user *user;
};

static void *read_rules(void *context)
{
    struct shared *shared = context;
    struct arena arena;
    arena_init(&arena, 0);
    uintptr_t undecided = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct valve_program *program = valve_ruleset_acquire(shared->ruleset);
        if (decide(program, shared->user, &arena) > VALVE_DENY)
            undecided++;
        valve_program_release(&program);
    }
    arena_fini(&arena);
    return (void *)undecided;
}

static void readers_and_a_writer_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct shared shared = {.ruleset = valve_ruleset_new(program_of(OP_LOAD_TRUE)),
                            .user = valve_user_new(SLICE("ann"), true, SLICE("{}"))};
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_rules, &shared), 0);
    for (int i = 0; i < ROUNDS / 10; i++)
        valve_ruleset_swap(shared.ruleset, program_of(i % 2 == 0 ? OP_LOAD_FALSE : OP_LOAD_TRUE));
    for (int i = 0; i < READERS; i++) {
        void *undecided;
        assert_int_equal(pthread_join(readers[i], &undecided), 0);
        assert_null(undecided);
    }
    valve_ruleset_free(&shared.ruleset);
    valve_user_free(&shared.user);
}

static void releasing_nothing_is_fine(void **state)
{
    (void)state;
    struct valve_program *program = NULL;
    struct valve_ruleset *ruleset = NULL;
    struct valve_user *user = NULL;
    valve_program_release(&program);
    valve_ruleset_free(&ruleset);
    valve_user_free(&user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_swap_leaves_acquired_programs_in_place),
        cmocka_unit_test(a_program_outlives_its_ruleset_while_it_is_held),
        cmocka_unit_test(readers_and_a_writer_do_not_disturb_each_other),
        cmocka_unit_test(releasing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
