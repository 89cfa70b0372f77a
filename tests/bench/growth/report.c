/* The figures of cluster_growth: as a table to read, as JSON for machines. */

#include "bench/growth/growth.h"

#include <stdio.h>
#include <string.h>

struct figure {
    const char *key, *title;
    double value;
};

#define MOST_FIGURES 40

static size_t figures_of(const struct growth_row *row, const struct growth_options *options,
                         struct figure figures[MOST_FIGURES])
{
    double names = options->names, known = (double)(row->nodes - 1) * names;
    double updates = options->updates, calls = (double)(options->updates / 10);
    double idle_s = options->idle_s > 0 ? options->idle_s : 1;
    const struct figure all[] = {
        {"nodes", "nodes", (double)row->nodes},
        {"login_messages", "a login: messages", (double)row->login.messages},
        {"login_bytes", "  bytes", (double)row->login.bytes},
        {"login_deliveries", "  nodes that get them", (double)row->login.deliveries},
        {"subscription_messages", "a new name: messages",
         (double)row->subscription.messages / names},
        {"subscription_bytes", "  bytes", (double)row->subscription.bytes / names},
        {"subscription_deliveries", "  nodes that get them",
         (double)row->subscription.deliveries / names},
        {"subscribe_ms", "  ms until all nodes know all of them", row->subscribe_s * 1e3},
        {"subscription_cpu_us", "  processor time of all nodes, us",
         row->subscribe_cpu_s * 1e6 / names},
        {"checksum_messages", "  checksums for all of them", (double)row->checksums.messages},
        {"update_messages", "an update, followed at all nodes: messages",
         (double)row->shared.messages / updates},
        {"update_bytes", "  bytes", (double)row->shared.bytes / updates},
        {"update_deliveries", "  nodes that get them", (double)row->shared.deliveries / updates},
        {"update_cpu_us", "  processor time of all nodes, us", row->update_cpu_us},
        {"single_messages", "an update, followed at one other: messages",
         (double)row->single.messages / updates},
        {"single_deliveries", "  nodes that get them", (double)row->single.deliveries / updates},
        {"single_cpu_us", "  processor time of all nodes, us", row->single_cpu_us},
        {"local_messages", "an update, followed at its node: messages",
         (double)row->local.messages / updates},
        {"call_messages", "a call of another node's provider: messages",
         (double)row->call.messages / calls},
        {"call_bytes", "  bytes", (double)row->call.bytes / calls},
        {"call_deliveries", "  nodes that get them", (double)row->call.deliveries / calls},
        {"alive_messages_second", "idle, a second: statuses sent",
         (double)row->alive_second.messages / idle_s},
        {"alive_deliveries_second", "  brought", (double)row->alive_second.deliveries / idle_s},
        {"checksum_messages_second", "  checksums sent",
         (double)row->checksum_second.messages / idle_s},
        {"idle_bytes_second", "  bytes brought",
         (double)(row->alive_second.bytes_brought + row->checksum_second.bytes_brought) / idle_s},
        {"known_names", "a node joins: names that it learns", known},
        {"join_messages", "  messages with them", (double)row->join.messages},
        {"join_bytes_per_name", "  bytes for a name", (double)row->join.bytes / known},
        {"start_ms", "  ms until clients may connect", row->start_s * 1e3},
        {"join_ms", "  ms until all nodes agree", row->join_s * 1e3},
        {"join_cpu_us", "  processor time of all nodes, us a name", row->join_cpu_s * 1e6 / known},
        {"leave_cpu_us", "a node leaves: processor time of each other, us a name",
         row->leave_cpu_s * 1e6 / names / (double)(row->nodes - 1)},
        {"node_kilobytes", "memory of a node without names, KB", row->node_bytes / 1e3},
        {"foreign_name_bytes", "memory of a name of another node, bytes", row->foreign_bytes},
    };
    size_t count = sizeof all / sizeof *all;
    _Static_assert(sizeof all / sizeof *all <= MOST_FIGURES, "the array of figures has room");
    memcpy(figures, all, sizeof all);
    return count;
}

void growth_print_table(const struct growth_row *rows, const struct growth_options *options)
{
    struct figure figures[MOST_SIZES][MOST_FIGURES];
    size_t count = 0;
    for (size_t i = 0; i < options->size_count; i++)
        count = figures_of(&rows[i], options, figures[i]);
    for (size_t line = 0; line < count; line++) {
        printf("%-52s", figures[0][line].title);
        for (size_t i = 0; i < options->size_count; i++) {
            double value = figures[i][line].value;
            printf(" %11.*f", value == (double)(int64_t)value ? 0 : 1, value);
        }
        putchar('\n');
    }
}

void growth_print_json(const struct growth_row *rows, const struct growth_options *options)
{
    for (size_t i = 0; i < options->size_count; i++) {
        struct figure figures[MOST_FIGURES];
        size_t count = figures_of(&rows[i], options, figures);
        for (size_t line = 0; line < count; line++)
            printf("%c\"%s\":%.6g", line == 0 ? '{' : ',', figures[line].key, figures[line].value);
        puts("}");
    }
}
