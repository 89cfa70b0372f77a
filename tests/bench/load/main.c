/* load SCENARIO --port N --server PID [...]: puts load on a server that runs, checks everything
 * that comes back, and prints one JSON line. */

#include "bench/load/load.h"

#include <getopt.h>
#include <stdlib.h>
#include <sys/resource.h>

static void usage(FILE *stream)
{
    fputs("usage: load SCENARIO --port N --server PID [--subscribers N] [--names N] [--window N]\n"
          "            [--rate N] [--clients N] [--seconds S] [--expect-denied] [--tls]\n"
          "            [--protocols bjtmh]\n\nScenarios:\n",
          stream);
#define SCENARIO(name, about) fprintf(stream, "  %-8s %s\n", #name, about);
#include "scenarios.def"
#undef SCENARIO
}

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        load_fail("'%s' is no number from %g to %g", text, least, most);
    return value;
}

static void read_option(struct load_options *options, int option)
{
    switch (option) {
    case 'p':
        options->port = (uint16_t)number(optarg, 1, 65535);
        break;
    case 's':
        options->server = (pid_t)number(optarg, 1, 1e9);
        break;
    case 'u':
        options->subscribers = (uint32_t)number(optarg, 1, 10000);
        break;
    case 'n':
        options->names = (uint32_t)number(optarg, 1, LOAD_MAX_NAMES);
        break;
    case 'w':
        options->window = (uint32_t)number(optarg, 1, 100000);
        break;
    case 'r':
        options->rate = (uint32_t)number(optarg, 1, 1e7);
        break;
    case 'c':
        options->clients = (uint32_t)number(optarg, 1, 100000);
        break;
    case 't':
        options->seconds = number(optarg, 0.1, 3600);
        break;
    case 'd':
        options->expect_denied = true;
        break;
    case 'e':
        options->is_encrypted = true;
        break;
    case 'o':
        options->protocols = optarg;
        break;
    case 'h':
        usage(stdout);
        exit(0);
    default:
        usage(stderr);
        exit(2);
    }
}

static void read_options(struct load_options *options, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"port", required_argument, NULL, 'p'},
        {"server", required_argument, NULL, 's'},
        {"subscribers", required_argument, NULL, 'u'},
        {"names", required_argument, NULL, 'n'},
        {"window", required_argument, NULL, 'w'},
        {"rate", required_argument, NULL, 'r'},
        {"clients", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 't'},
        {"expect-denied", no_argument, NULL, 'd'},
        {"tls", no_argument, NULL, 'e'},
        {"protocols", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;)
        read_option(options, option);
}

static void allow_many_files(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    struct load_options options = {.subscribers = 50,
                                   .names = 100,
                                   .window = 100,
                                   .rate = 1000,
                                   .clients = 1000,
                                   .seconds = 3,
                                   .protocols = "b"};
    read_options(&options, argc, argv);
    struct load load = {.options = &options};
    if (optind + 1 != argc || options.port == 0 || options.protocols[0] == '\0') {
        usage(stderr);
        return 2;
    }
    slice wanted = slice_of(argv[optind]);
    allow_many_files();
    void (*run)(struct load *) = NULL;
#define SCENARIO(name, about)                                                                      \
    if (slice_equal(wanted, SLICE(#name)))                                                         \
        run = load_scenario_##name;
#include "scenarios.def"
#undef SCENARIO
    if (run == NULL) {
        usage(stderr);
        return 2;
    }
    run(&load);
    load_close(&load);
    return 0;
}
