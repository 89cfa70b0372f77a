/* valvec bench: how long decisions take. */

#include "commands.h"
#include "bench.h"
#include "decide.h"
#include "input.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"

#include <errno.h>

struct settings {
    const char *requests;
    double seconds;
    uint64_t max_rule_iterations;
    bool strict;
    bool json;
};

static const struct option OPTIONS[] = {
    {.letter = 'r',
     .name = "requests",
     .argument = "FILE",
     .help = "one request a line, as for valvec eval; - is standard input",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, requests)},
    {.letter = 's',
     .name = "seconds",
     .argument = "N",
     .help = "how long to measure (default 1)",
     .kind = OPTION_REAL,
     .offset = offsetof(struct settings, seconds),
     .least = 0,
     .most = 3600},
    {.name = "json",
     .help = "print one JSON object",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, json)},
    {.name = "max-rule-iterations",
     .argument = "N",
     .help = "as in the server's configuration (default 3; 0: no limit)",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, max_rule_iterations),
     .least = 0,
     .most = UINT32_MAX},
    {.name = "strict",
     .help = "only the value true allows",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, strict)},
};

static const struct command_line LINE = {
    .command = "bench",
    .about =
        "Decides the requests by the rules of FILE, in order, over and over, and prints what one\n"
        "decision takes: finding the rule by name, reading the payload if the rule does,\n"
        "evaluation, and the second round once records are there. Reading the request lines is\n"
        "not counted. The median is that of rounds, which are passes over all requests; p99 is\n"
        "that of batches, which are decisions in a row for some microseconds.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
    .most = 1,
};

/* The requests with the bytes that they borrow. A server prepares a user once per login and has the
 * message that it decides about at hand, so here users who are written alike are one, and names lie
 * together. */
struct requests {
    struct arena arena;
    VEC(struct request) list;
    struct hashmap users; /* text of the line -> struct valve_user, owned */
};

static void requests_init(struct requests *requests)
{
    *requests = (struct requests){0};
    arena_init(&requests->arena, 0);
    hashmap_init(&requests->users);
}

static void requests_fini(struct requests *requests)
{
    const struct hashmap_entry *entry;
    size_t position = 0;
    while ((entry = hashmap_next(&requests->users, &position)) != NULL) {
        struct valve_user *user = entry->value;
        valve_user_free(&user);
    }
    for (size_t i = 0; i < requests->list.count; i++)
        request_free(&requests->list.items[i]);
    hashmap_fini(&requests->users);
    VEC_FREE(&requests->list);
    arena_fini(&requests->arena);
}

static void share_user(struct requests *requests, struct request *request)
{
    struct valve_user *known = hashmap_find(&requests->users, request->user_text);
    if (known == NULL) {
        known = request->user;
        hashmap_put(&requests->users, request->user_text, known);
        request->user = NULL;
    } else {
        valve_user_free(&request->user);
    }
    request->valve.user = known;
}

static bool add_request(struct requests *requests, slice line, const char *path)
{
    struct request request;
    slice message;
    slice kept = arena_copy(&requests->arena, line);
    bool fine = request_read(kept, current_time_ms(), &requests->arena, &request, &message);
    if (fine)
        share_user(requests, &request);
    VEC_PUSH(&requests->list, request);
    if (!fine)
        fprintf(stderr, "valvec: %s:%zu: " SLICE_FORMAT "\n", path, requests->list.count,
                SLICE_ARGUMENTS(message));
    return fine;
}

static void pack_names(struct requests *requests)
{
    size_t length = 0;
    for (size_t i = 0; i < requests->list.count; i++)
        length += requests->list.items[i].valve.name.length;
    char *names = arena_alloc(&requests->arena, length);
    for (size_t i = 0; i < requests->list.count; i++) {
        slice *name = &requests->list.items[i].valve.name;
        if (name->length > 0)
            memcpy(names, name->at, name->length);
        name->at = names;
        names += name->length;
    }
}

static bool read_all(struct requests *requests, struct line_reader *reader, const char *path)
{
    slice line;
    size_t bytes = 0;
    while (line_reader_next(reader, &line)) {
        bytes += line.length;
        if (bytes > INPUT_MAX_BYTES) {
            fprintf(stderr, "valvec: %s: the file is too large\n", path);
            return false;
        }
        if (!add_request(requests, line, path))
            return false;
    }
    if (reader->error != 0)
        fprintf(stderr, "valvec: cannot read %s: %s\n", path, strerror(reader->error));
    else if (requests->list.count == 0)
        fprintf(stderr, "valvec: %s holds no requests\n", path);
    return reader->error == 0 && requests->list.count > 0;
}

static bool requests_read(struct requests *requests, const char *path)
{
    struct line_reader reader;
    if (!line_reader_open(&reader, path)) {
        fprintf(stderr, "valvec: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    bool read = read_all(requests, &reader, path);
    line_reader_close(&reader);
    if (read)
        pack_names(requests);
    return read;
}

static void print_json(struct buf *out, const struct bench_result *result, size_t requests)
{
    buf_printf(out,
               "{\"median_ns\":%.2f,\"p99_ns\":%.2f,\"fastest_ns\":%.2f,\"per_second\":%.0f,"
               "\"requests\":%zu,\"decisions\":%llu,\"rounds\":%zu,\"batch\":%zu,\"steps\":%.2f,"
               "\"evaluations\":%.2f,\"arena_bytes\":%zu,\"mean_arena_bytes\":%.1f,"
               "\"allowed\":%zu,\"denied\":%zu,\"failed\":%zu}\n",
               result->median_ns, result->p99_ns, result->fastest_ns, result->per_second, requests,
               (unsigned long long)result->decisions, result->rounds, result->batch, result->steps,
               result->evaluations, result->arena_bytes, result->mean_arena_bytes, result->allowed,
               result->denied, result->failed);
}

static void print_text(struct buf *out, const struct bench_result *result, size_t requests)
{
    buf_printf(out, "requests     %zu (%zu allowed, %zu denied, %zu failed)\n", requests,
               result->allowed, result->denied, result->failed);
    buf_printf(out, "median       %.1f ns per decision (%zu rounds, fastest %.1f ns)\n",
               result->median_ns, result->rounds, result->fastest_ns);
    buf_printf(out, "p99          %.1f ns per decision (batches of %zu)\n", result->p99_ns,
               result->batch);
    buf_printf(out, "throughput   %.0f decisions per second\n", result->per_second);
    buf_printf(out, "steps        %.1f per decision, in %.2f evaluations\n", result->steps,
               result->evaluations);
    buf_printf(out, "arena        %.0f bytes per decision, at most %zu\n", result->mean_arena_bytes,
               result->arena_bytes);
}

static void measure(const struct settings *settings, const struct rules *rules,
                    const struct requests *requests, struct buf *out)
{
    struct valve_options options = valve_options_default();
    options.max_rule_iterations = (uint32_t)settings->max_rule_iterations;
    options.strict = settings->strict;
    struct bench_input input = {.program = rules->program,
                                .requests = requests->list.items,
                                .request_count = requests->list.count,
                                .options = &options,
                                .seconds = settings->seconds};
    struct bench_result result;
    bench_run(&input, &result);
    if (settings->json)
        print_json(out, &result, requests->list.count);
    else
        print_text(out, &result, requests->list.count);
}

static enum exit_status bench(const struct settings *settings, const char *path,
                              enum colour_choice colour)
{
    struct rules rules;
    struct output output;
    struct requests requests;
    struct valvec_options options = valvec_options_default();
    output_open(&output, colour);
    requests_init(&requests);
    enum exit_status status = rules_load(&rules, path, &options, colour);
    if (status == EXIT_FINE && !requests_read(&requests, settings->requests))
        status = EXIT_IO;
    if (status == EXIT_FINE)
        measure(settings, &rules, &requests, &output.text);
    requests_fini(&requests);
    rules_fini(&rules);
    return output_close(&output, status);
}

enum exit_status cmd_bench(int argc, char **argv)
{
    struct settings settings = {.seconds = 1, .max_rule_iterations = 3};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    const char *path = arguments.operands.items[0];
    if (settings.requests == NULL)
        status = usage_error("bench", "expected --requests FILE");
    else if (strcmp(path, "-") == 0 && strcmp(settings.requests, "-") == 0)
        status = usage_error("bench", "rules and requests cannot both come from standard input");
    else
        status = bench(&settings, path, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
