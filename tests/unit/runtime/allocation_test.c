/* Deciding takes no memory but the arena's: with an arena that has its chunk, no rule of any kind
 * calls the heap. The linker turns our calls of malloc and its like to the counters here. */

#include "support/compile_text.h"
#include "valve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
    calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    calls++;
    return __real_realloc(memory, size);
}

#define NAME "room/alice/x/Ödipus"

static const struct valve_record RECORDS[] = {
    {.name = {"members/alice", 13}, .json = {"{\"active\":[1,{\"a\":null}]}", 25}, .exists = true},
    {.name = {NAME, sizeof NAME - 1}, .json = {"{\"v\":\"\\u00e4b\"}", 15}, .exists = true},
};

#define MANY_KEYS                                                                                  \
    "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,"     \
    "\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1"

#define DATA                                                                                              \
    "{\"symbol\":\"EURUSD\",\"price\":12.5,\"text\":\"\\u00c4 \\n\",\"greek\":\"ΟΔΥΣΣΕΥΣ ÄÖ\"," \
    "\"empty\":\"\",\"as\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"list\":[1,\"two\",[3]],"                \
    "\"many\":{" MANY_KEYS "}}"

struct decision {
    enum valve_decision decision;
    size_t calls;
};

/* The arena has its chunk. */
static struct decision decide(const struct valve_program *program, size_t max_memory_bytes)
{
    struct valve_user *user = valve_user_new(SLICE("alice"), true, SLICE("{\"role\":\"trader\"}"));
    struct valve_options options = valve_options_default();
    options.max_memory_bytes = max_memory_bytes;
    struct valve_request request = {.kind = VALVE_RECORD_WRITE,
                                    .name = SLICE(NAME),
                                    .has_name = true,
                                    .user = user,
                                    .payload = VALVE_PAYLOAD_JSON,
                                    .data = SLICE(DATA),
                                    .records = RECORDS,
                                    .record_count = 2};
    struct arena arena;
    struct valve_result result;
    arena_init(&arena, 0);
    struct arena_mark mark = arena_mark(&arena);
    arena_alloc(&arena, (size_t)256 << 10);
    arena_reset(&arena, mark);
    calls = 0;
    valve_evaluate(program, &request, &options, &arena, &result);
    struct decision decision = {result.decision, calls};
    arena_fini(&arena);
    valve_user_free(&user);
    return decision;
}

static struct valve_program *load_rule(const char *path, const char *rule)
{
    struct buf text = BUF_EMPTY, bytes = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    struct compiled compiled;
    struct valve_program *program;
    struct valve_load_error error;
    buf_printf(&text,
               "record:\n%s  \"%s\":\n    write: >-\n      %s\n"
               "event: {'*': {}}\nrpc: {'*': {}}\npresence: {'*': {}}\n",
               strcmp(path, "*") == 0 ? "" : "  '*': {}\n", path, rule);
    compile_file(&compiled, SLICE("rules.yml"), buf_slice(&text), &options);
    if (compiled.program == NULL) {
        struct buf shown = BUF_EMPTY;
        show_diagnostics(&compiled.diagnostics, &shown);
        print_message("%.*s", SLICE_ARGUMENTS(buf_slice(&shown)));
        buf_fini(&shown);
    }
    assert_non_null(compiled.program);
    program_write(compiled.program, &bytes);
    assert_true(valve_program_load(buf_slice(&bytes), &program, &error));
    compiled_fini(&compiled);
    buf_fini(&bytes);
    buf_fini(&text);
    return program;
}

static struct decision decide_rule(const char *path, const char *rule)
{
    struct valve_program *program = load_rule(path, rule);
    struct decision decision = decide(program, valve_options_default().max_memory_bytes);
    valve_program_release(&program);
    return decision;
}

static void assert_allowed_without_heap(const char *path, const char *rule)
{
    struct decision decision = decide_rule(path, rule);
    if (decision.decision != VALVE_ALLOW || decision.calls != 0)
        print_message("%s: %s\n", path, rule);
    assert_int_equal(decision.decision, VALVE_ALLOW);
    assert_int_equal(decision.calls, 0);
}

static void no_expression_calls_the_heap(void **unused)
{
    static const char *const rules[] = {
        "true",
        "user.id === 'alice' && user.data.role === 'trader' && now === 0 && action === 0",
        "data.price > 10 && data.symbol === 'EURUSD' && data['list'][2][0] === 3",
        "data.many.q === 1 && !data.many.none && 'q' in data.many && !('z' in data.many)",
        "name.startsWith('room/') && name.endsWith('us') && name.indexOf('x') > 0",
        "data.symbol.toLowerCase().includes('usd') && data.list.includes('two')",
        "data.greek.toLowerCase() === 'οδυσσευς äö' && 'straße'.toUpperCase() === 'STRASSE'",
        "data.text.trim().length === 1 && name.toUpperCase().length === name.length",
        "data.symbol.match(/^[A-Z]{3}(USD|EUR)$/)[1] === 'USD'",
        "name.match(/(?<who>[a-z]+).x/).groups.who === 'alice' && name.match(/o/g).length === 2",
        "name.match(/(.)\\1/u)[1] === 'o' && name.match(/nothing/) === null",
        "name.match(/(?<=alice)\\/(x)/i)[1] === 'x'",
        "_('members/' + user.id).active[0] === 1 && _(`members/${user.id}`) !== null",
        "oldData.v === 'äb' && oldData === _(name)",
        "[1, 2, 'x'].indexOf('x') === 2 && ({a: 1, ['b']: 2}).b === 2",
        "1 / 3 + 0.1 + '' !== '' && (data.price * 2 + '') === '25' && -data.price % 5 === -2.5",
        "data.list + '' === '1,two,3' && data.many + '' === '[object Object]' && '12' * 2 === 24",
        "typeof data.none === 'undefined' && (data.none ?? 'd') === 'd' && data.none?.x !== 0",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        assert_allowed_without_heap("*", rules[i]);
}

static const char *const computed[] = {
    "name.match(user.id)[0] === 'alice' && name.match(data.empty + 'nothing') === null",
    "name.match(data.empty + '(a)(?:b|l)(?:(i)|(z))(c?)')[2] === 'i'",
    "name.match(data.empty + '(?<who>[a-z]+)/x/').groups.who === 'alice'",
    ("name.match(data.empty + '^\\\\w{2,}?(/)(?=a)[^\\\\d/]+\\\\1\\\\bx(?<!y)\\\\W.')[0].length === "
    "14"),
    "data.as.match(data.empty + '(?<a>a)\\\\k<a>(?:a{2}){3,4}$').index === 22",
    "data.greek.match(data.empty + '[^Ä-Ö]Δ([Α-Ω]*) ')[1] === 'ΥΣΣΕΥΣ'",
};

static void no_computed_pattern_calls_the_heap(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof computed / sizeof *computed; i++)
        assert_allowed_without_heap("*", computed[i]);
}

static void a_computed_pattern_that_lacks_memory_is_an_error(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof computed / sizeof *computed; i++) {
        struct valve_program *program = load_rule("*", computed[i]);
        struct decision decision = {VALVE_ERROR, 0};
        for (size_t bytes = 1; decision.decision == VALVE_ERROR; bytes += 16) {
            decision = decide(program, bytes);
            assert_int_equal(decision.calls, 0);
        }
        assert_int_equal(decision.decision, VALVE_ALLOW);
        valve_program_release(&program);
    }
}

static void no_path_calls_the_heap(void **unused)
{
    (void)unused;
    assert_allowed_without_heap("room/$who/*", "$who === 'alice'");
    assert_allowed_without_heap("$a/$b/$c/$d", "$a + $c === 'roomx' && $d.length === 6");
    assert_allowed_without_heap("room/$who/x.$rest", "$rest.length === 6");
    assert_allowed_without_heap("room/.*/$last", "$last.length === 6");
    assert_allowed_without_heap("room/[a-z]+/$x/$y", "$x === 'x'");
    assert_allowed_without_heap("*om/$who/*/$last", "$who === 'alice'");
    assert_allowed_without_heap("$a*ice/$b/$c", "$b === 'x'");
}

static void no_error_calls_the_heap(void **unused)
{
    static const char *const rules[] = {
        "data.none.x === 1",
        "unknownName === 1",
        "data.price.startsWith('1')",
        "_(5) === null",
        "name.match(data.empty + '((a)') === null",
        "name.match(data.list[0]) === null",
        "name.match(data.greek + data.as + name + '[z-a]') === null",
        "data.as.match(data.empty + '(a+)+!') === null",
        "data.as.match(data.empty + '(?:(a)|(a*)*)*?b') === null",
        ("data.as.match(data.as + data.as + data.as + data.as + data.as + data.as + data.as + "
        "data.as + data.as) === null"),
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct decision decision = decide_rule("*", rules[i]);
        assert_int_equal(decision.decision, VALVE_ERROR);
        assert_int_equal(decision.calls, 0);
    }
}

static void what_is_not_there_is_asked_for_without_the_heap(void **unused)
{
    (void)unused;
    struct decision decision = decide_rule("*", "_('other/' + name) === null");
    assert_int_equal(decision.decision, VALVE_NEEDS);
    assert_int_equal(decision.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_expression_calls_the_heap),
        cmocka_unit_test(no_computed_pattern_calls_the_heap),
        cmocka_unit_test(a_computed_pattern_that_lacks_memory_is_an_error),
        cmocka_unit_test(no_path_calls_the_heap),
        cmocka_unit_test(no_error_calls_the_heap),
        cmocka_unit_test(what_is_not_there_is_asked_for_without_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
