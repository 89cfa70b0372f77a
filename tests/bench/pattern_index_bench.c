/* Nanoseconds per look-up by name, for several shapes of paths and numbers of them, with names in
 * shuffled order. Every answer is checked. No arguments. */

#include "base/check.h"
#include "pattern/pattern.h"

#include <stdint.h>
#include <time.h>

#define MAX_PATTERNS 10000
#define NAMES 4096
#define TEXT_BYTES 64
#define ROUNDS 15

/* `%u` is the number of the pattern, and in names again that of the pattern asked for. */
struct shape {
    const char *path;
    const char *name;
};

static const struct shape shapes[] = {
    {"item%u", "item%u"},
    {"item%u/$x", "item%u/some-user"},
    {"$tenant/item%u", "acme/item%u"},
    {"*/item%u", "some/where/item%u"},
    {"a/$x/item%u/*", "a/room/item%u/and/more"},
    {"room.%u.$x", "room.%u.some-user"},
    {"item%u/[a-z]+", "item%u/abcdef"},
};

struct bench {
    struct arena arena;
    const struct pattern *patterns[MAX_PATTERNS + 1];
    uint64_t wanted[MAX_PATTERNS / 64 + 1];
    char texts[MAX_PATTERNS + 1][TEXT_BYTES];
    char names[NAMES][TEXT_BYTES];
    slice name_slices[NAMES];
    uint32_t expected[NAMES];
};

static struct bench bench;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* template with its %u replaced by number */
static slice fill(char *out, const char *template, uint32_t number)
{
    const char *mark = strstr(template, "%u");
    CHECK(mark != NULL);
    int length =
        snprintf(out, TEXT_BYTES, "%.*s%u%s", (int)(mark - template), template, number, mark + 2);
    CHECK(length > 0 && length < TEXT_BYTES);
    return (slice){out, (size_t)length};
}

static const struct pattern *parse(slice text)
{
    struct pattern_error error;
    const struct pattern *pattern = pattern_parse(text, &bench.arena, &error);
    CHECK(pattern != NULL);
    return pattern;
}

static struct pattern_index *prepare(struct shape shape, uint32_t count)
{
    uint64_t state = 1;
    bench.patterns[0] = parse(SLICE("*"));
    for (uint32_t i = 1; i <= count; i++)
        bench.patterns[i] = parse(fill(bench.texts[i - 1], shape.path, i));
    for (uint32_t i = 0; i < NAMES; i++) {
        bench.expected[i] = 1 + next_random(&state) % count;
        bench.name_slices[i] = fill(bench.names[i], shape.name, bench.expected[i]);
    }
    memset(bench.wanted, 0xFF, sizeof bench.wanted);
    return pattern_index_new(bench.patterns, count + 1, &bench.arena);
}

static double best_ns(const struct pattern_index *index, struct arena *scratch)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t wrong = 0;
        uint64_t start = now_ns();
        for (uint32_t i = 0; i < NAMES; i++)
            wrong += pattern_index_find(index, bench.name_slices[i], bench.wanted, scratch) !=
                     bench.expected[i];
        double ns = (double)(now_ns() - start) / NAMES;
        CHECK(wrong == 0);
        best = ns < best ? ns : best;
    }
    return best;
}

static double capture_ns(struct arena *scratch)
{
    uint64_t start = now_ns();
    size_t bytes = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        slice captures[PATTERN_MAX_VARIABLES];
        const struct pattern *pattern = bench.patterns[bench.expected[i]];
        CHECK(pattern_capture(pattern, bench.name_slices[i], scratch, captures));
        bytes += pattern_variable_count(pattern) > 0 ? captures[0].length : 1;
    }
    CHECK(bytes > 0);
    return (double)(now_ns() - start) / NAMES;
}

int main(void)
{
    static const uint32_t counts[] = {10, 1000, MAX_PATTERNS - 1};
    struct arena scratch;
    arena_init(&scratch, 0);
    printf("%-16s %8s %8s %8s %10s\n", "path", "10", "1000", "10000", "capture");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        printf("%-16s", shapes[i].path);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            arena_init(&bench.arena, 0);
            printf(" %8.1f", best_ns(prepare(shapes[i], counts[k]), &scratch));
            if (k + 1 == sizeof counts / sizeof *counts)
                printf(" %10.1f\n", capture_ns(&scratch));
            arena_fini(&bench.arena);
        }
    }
    arena_fini(&scratch);
}
