/* cluster_growth [--nodes 2,4,8,16] [--names N] [--updates N] [--idle SECONDS] [--json]
 *
 * What a cluster costs as it grows: real nodes in one process, on the bus of one process, with a
 * client at each. For each size it counts exactly what goes over the bus for a login, a
 * subscription, an update and a call, takes the memory of nodes from the allocator, and times how
 * long a node that joins last takes to know all names. In the end all nodes must know the same;
 * clients check the order of what they get. SCALING.md of the server plans with these figures. */

#include "bench/growth/growth.h"
#include "bench/growth/node_group.h"
#include "bench/growth/user.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_NAMES 10000 /* of one message */
#define NAME_SPACE 32
#define MOST_IN_FLIGHT 100

struct growth_run {
    const struct growth_options *options;
    struct node_group group;
    struct growth_row row;
    struct user owners[MOST_NODES]; /* one at each node */
    size_t owner_count;
    size_t users, subscriptions; /* that all nodes have to know */
};

/* ---- reading ---- */

static size_t bytes_in_use(void)
{
    return mallinfo2().uordblks;
}

static void copy_meters(void *context, struct node_group *group)
{
    (void)group;
    memcpy(context, bus_meters, sizeof bus_meters);
}

struct reading {
    struct meter meters[METER_KINDS];
};

static struct reading read_bus(struct node_group *group)
{
    struct reading reading;
    node_group_ask(group, copy_meters, reading.meters);
    return reading;
}

static struct meter since(struct node_group *group, const struct reading *before,
                          enum meter_kind kind)
{
    struct reading now = read_bus(group);
    const struct meter *a = &before->meters[kind], *b = &now.meters[kind];
    return (struct meter){b->messages - a->messages, b->bytes - a->bytes,
                          b->deliveries - a->deliveries, b->bytes_brought - a->bytes_brought};
}

/* ---- what nodes know ---- */

struct expectation {
    size_t nodes, users, subscriptions;
};

static bool is_expected(void *context, const struct node_group *group)
{
    const struct expectation *expected = context;
    for (size_t i = 0; i < group->count; i++) {
        const struct cluster *cluster = group_cluster(group, i);
        if (cluster->bus->count(cluster->bus_self) != expected->nodes ||
            cluster->states->count(cluster->states_self, STATE_ONLINE_USERS) != expected->users ||
            cluster->states->count(cluster->states_self, STATE_EVENT_SUBSCRIPTIONS) !=
                expected->subscriptions)
            return false;
    }
    return true;
}

static void wait_for_all(struct growth_run *run)
{
    struct expectation expected = {run->group.count, run->users, run->subscriptions};
    node_group_wait(&run->group, is_expected, &expected, "all nodes know all names");
}

static void add_to_sum(void *context, ds_slice name)
{
    *(uint64_t *)context += hash_bytes(name, 0);
}

static uint64_t sum_of_names(const struct cluster *cluster)
{
    static const uint8_t SETS[] = {STATE_ONLINE_USERS, STATE_EVENT_SUBSCRIPTIONS,
                                   STATE_RECORD_SUBSCRIPTIONS, STATE_RPC_PROVIDERS};
    uint64_t sum = 0;
    for (size_t set = 0; set < sizeof SETS; set++)
        cluster->states->each(cluster->states_self, SETS[set], add_to_sum, &sum);
    return sum;
}

static bool know_the_same(void *context, const struct node_group *group)
{
    uint64_t first = sum_of_names(group_cluster(group, 0));
    (void)context;
    for (size_t i = 1; i < group->count; i++) {
        if (sum_of_names(group_cluster(group, i)) != first)
            return false;
    }
    return true;
}

/* ---- names ---- */

struct names {
    char (*texts)[NAME_SPACE];
    slice *items;
};

static struct names names_of(size_t node, uint32_t count)
{
    struct names names = {calloc(count, NAME_SPACE), calloc(count, sizeof(slice))};
    CHECK(names.texts != NULL && names.items != NULL);
    for (uint32_t i = 0; i < count; i++) {
        int length = snprintf(names.texts[i], NAME_SPACE, "growth/%03zu/%08u", node, i);
        names.items[i] = (slice){names.texts[i], (size_t)length};
    }
    return names;
}

static void names_free(struct names *names)
{
    free(names->texts);
    free(names->items);
}

/* ---- logins and subscriptions: the names of each node are its own ---- */

static void log_in(struct growth_run *run)
{
    struct reading before = read_bus(&run->group);
    size_t node = run->owner_count++;
    char name[32];
    snprintf(name, sizeof name, "owner-%zu", node);
    user_open(&run->owners[node], &run->group, node, name);
    run->users++;
    wait_for_all(run);
    run->row.login = since(&run->group, &before, METER_CHANGE);
    if (run->row.login.messages != 1)
        growth_fail("%llu messages told of a login", (unsigned long long)run->row.login.messages);
}

static void subscribe(struct growth_run *run)
{
    size_t node = run->owner_count - 1;
    struct names names = names_of(node, run->options->names);
    struct reading before = read_bus(&run->group);
    double begin_s = growth_now_s(), cpu_s = node_group_cpu_s(&run->group);
    user_subscribe(&run->owners[node], TOPIC_EVENT, EVENT_SUBSCRIBE, names.items,
                   run->options->names);
    run->subscriptions += run->options->names;
    wait_for_all(run);
    run->row.subscribe_s = growth_now_s() - begin_s;
    run->row.subscribe_cpu_s = node_group_cpu_s(&run->group) - cpu_s;
    run->row.subscription = since(&run->group, &before, METER_CHANGE);
    run->row.checksums = since(&run->group, &before, METER_CHECKSUM);
    if (run->row.subscription.messages != run->options->names)
        growth_fail("%llu messages told of %u subscriptions",
                    (unsigned long long)run->row.subscription.messages, run->options->names);
    names_free(&names);
}

/* ---- a node joins ---- */

static void join_last(struct growth_run *run)
{
    size_t in_use = bytes_in_use();
    struct reading before = read_bus(&run->group);
    double begin_s = growth_now_s(), cpu_s = node_group_cpu_s(&run->group);
    node_group_add(&run->group);
    run->row.start_s = growth_now_s() - begin_s;
    wait_for_all(run);
    run->row.join_s = growth_now_s() - begin_s;
    run->row.join_cpu_s = node_group_cpu_s(&run->group) - cpu_s;
    run->row.foreign_bytes =
        ((double)(bytes_in_use() - in_use) - run->row.node_bytes) / (double)run->subscriptions;
    run->row.join = since(&run->group, &before, METER_FULL);
}

/* ---- updates of one record, followed by clients of some nodes ---- */

struct audience {
    slice name;
    uint8_t set;
    size_t others; /* nodes that have it, as the first one sees it */
};

static void count_server(void *context, ds_slice server)
{
    (void)server;
    ++*(size_t *)context;
}

static bool is_audience_known(void *context, const struct node_group *group)
{
    const struct audience *audience = context;
    const struct cluster *first = group_cluster(group, 0);
    size_t others = 0;
    first->states->each_server(first->states_self, audience->set, audience->name, count_server,
                               &others);
    return others == audience->others;
}

/* The client of the first node writes. Returns the processor time of all nodes, us per update. */
static double update_for(struct growth_run *run, const char *name, size_t first, size_t last,
                         struct meter *meter)
{
    struct audience audience = {slice_of(name), STATE_RECORD_SUBSCRIPTIONS,
                                last - first + 1 - (first == 0)};
    struct user followers[MOST_NODES];
    uint32_t updates = run->options->updates;
    for (size_t i = first; i <= last; i++) {
        user_open(&followers[i], &run->group, i, NULL);
        user_subscribe(&followers[i], TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, &audience.name,
                       1);
    }
    node_group_wait(&run->group, is_audience_known, &audience, "followers are known");
    struct reading before = read_bus(&run->group);
    double cpu_s = node_group_cpu_s(&run->group);
    for (int32_t version = 1; version <= (int32_t)updates; version++) {
        user_write(&run->owners[0], audience.name, version);
        if (version % MOST_IN_FLIGHT != 0 && version != (int32_t)updates)
            continue;
        user_flush(&run->owners[0]);
        for (size_t i = first; i <= last; i++)
            user_follow(&followers[i], version);
    }
    cpu_s = node_group_cpu_s(&run->group) - cpu_s;
    *meter = since(&run->group, &before, METER_FEATURE);
    for (size_t i = first; i <= last; i++)
        user_close(&followers[i]);
    uint64_t expected = audience.others > 0 ? updates : 0;
    if (meter->messages != expected)
        growth_fail("%llu messages went over the bus for %u updates of %s",
                    (unsigned long long)meter->messages, updates, name);
    return cpu_s * 1e6 / updates;
}

/* ---- calls from the first node to the last ---- */

static void call_all(struct growth_run *run)
{
    struct user provider;
    size_t last = run->group.count - 1;
    uint32_t calls = run->options->updates / 10;
    struct audience audience = {SLICE("growth/call"), STATE_RPC_PROVIDERS, 1};
    user_open(&provider, &run->group, last, NULL);
    user_subscribe(&provider, TOPIC_RPC, RPC_PROVIDE, &audience.name, 1);
    node_group_wait(&run->group, is_audience_known, &audience, "the provider is known");
    struct reading before = read_bus(&run->group);
    for (uint32_t i = 0; i < calls; i++)
        user_call(&run->owners[0], &provider, audience.name);
    run->row.call = since(&run->group, &before, METER_FEATURE);
    if (run->row.call.messages != run->row.call.deliveries || run->row.call.messages > 3 * calls)
        growth_fail("%llu messages went to %llu nodes for %u calls",
                    (unsigned long long)run->row.call.messages,
                    (unsigned long long)run->row.call.deliveries, calls);
    user_close(&provider);
}

/* ---- nothing happens; a client goes, a node goes ---- */

static void idle(struct growth_run *run)
{
    double seconds = run->options->idle_s;
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    if (seconds <= 0)
        return;
    struct reading before = read_bus(&run->group);
    nanosleep(&time, NULL);
    run->row.alive_second = since(&run->group, &before, METER_ALIVE);
    run->row.checksum_second = since(&run->group, &before, METER_CHECKSUM);
}

static void part_first(struct growth_run *run)
{
    struct reading before = read_bus(&run->group);
    user_close(&run->owners[0]);
    run->users--;
    run->subscriptions -= run->options->names;
    wait_for_all(run);
    uint64_t messages = since(&run->group, &before, METER_CHANGE).messages;
    if (messages < run->options->names + 1)
        growth_fail("%llu messages told that a client with %u subscriptions is gone",
                    (unsigned long long)messages, run->options->names);
}

/* With one message, before its client knows. */
static void leave_last(struct growth_run *run)
{
    double cpu_s = node_group_cpu_s(&run->group);
    node_group_stop_last(&run->group);
    run->users--;
    run->subscriptions -= run->options->names;
    wait_for_all(run);
    run->row.leave_cpu_s = node_group_cpu_s(&run->group) - cpu_s;
    user_close(&run->owners[--run->owner_count]);
    node_group_free_stopped(&run->group);
}

static struct growth_row measure(const struct growth_options *options, size_t size)
{
    struct growth_run *run = calloc(1, sizeof *run);
    CHECK(run != NULL);
    run->options = options;
    run->row.nodes = size;
    node_group_open(&run->group);
    size_t in_use = bytes_in_use();
    while (run->group.count < size - 1)
        node_group_add(&run->group);
    wait_for_all(run);
    run->row.node_bytes = (double)(bytes_in_use() - in_use) / (double)(size - 1);
    while (run->owner_count < size - 1) {
        log_in(run);
        subscribe(run);
    }
    join_last(run);
    log_in(run);
    subscribe(run);
    run->row.update_cpu_us = update_for(run, "growth/shared", 0, size - 1, &run->row.shared);
    run->row.single_cpu_us = update_for(run, "growth/single", size - 1, size - 1, &run->row.single);
    (void)update_for(run, "growth/nobody", 0, 0, &run->row.local);
    call_all(run);
    idle(run);
    part_first(run);
    node_group_wait(&run->group, know_the_same, NULL, "all nodes know the same");
    leave_last(run);
    node_group_wait(&run->group, know_the_same, NULL, "all nodes know the same");
    for (size_t i = 1; i < run->owner_count; i++)
        user_close(&run->owners[i]);
    node_group_close(&run->group);
    struct growth_row row = run->row;
    free(run);
    return row;
}

/* ---- options ---- */

static void usage(FILE *stream)
{
    fputs("usage: cluster_growth [--nodes 2,4,8,16] [--names N] [--updates N] [--idle SECONDS] "
          "[--json]\n",
          stream);
}

static double number(const char *text, char **end, double least, double most)
{
    double value = strtod(text, end);
    if (*end == text || !(value >= least && value <= most))
        growth_fail("'%s' is no number from %g to %g", text, least, most);
    return value;
}

static void read_sizes(struct growth_options *options, const char *text)
{
    char *end;
    options->size_count = 0;
    for (;; text = end + 1) {
        if (options->size_count == MOST_SIZES)
            growth_fail("too many sizes");
        options->sizes[options->size_count++] = (size_t)number(text, &end, 2, MOST_NODES);
        if (*end != ',')
            return;
    }
}

static void read_options(struct growth_options *options, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"nodes", required_argument, NULL, 'n'},
        {"names", required_argument, NULL, 'a'},
        {"updates", required_argument, NULL, 'u'},
        {"idle", required_argument, NULL, 'i'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    char *end;
    for (int option; (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (option == 'n')
            read_sizes(options, optarg);
        else if (option == 'a')
            options->names = (uint32_t)number(optarg, &end, 1, MOST_NAMES);
        else if (option == 'u')
            options->updates = (uint32_t)number(optarg, &end, 10, 1e7);
        else if (option == 'i')
            options->idle_s = number(optarg, &end, 0, 3600);
        else if (option == 'j')
            options->is_json = true;
        else {
            usage(option == 'h' ? stdout : stderr);
            exit(option == 'h' ? 0 : 2);
        }
    }
}

int main(int argc, char **argv)
{
    struct growth_options options = {
        .sizes = {2, 4, 8, 16}, .size_count = 4, .names = 10000, .updates = 5000, .idle_s = 10};
    struct growth_row rows[MOST_SIZES];
    read_options(&options, argc, argv);
    for (size_t i = 0; i < options.size_count; i++)
        rows[i] = measure(&options, options.sizes[i]);
    if (options.is_json)
        growth_print_json(rows, &options);
    else
        growth_print_table(rows, &options);
    return 0;
}
