/* What is valid option by option and makes no cluster is said; what makes one is not talked about.
 */

#include "config_support.h"

#define BUS "clusterNode: {name: redis}\n"

static void nodes_that_share_no_records_are_warned_of(void **state)
{
    (void)state;
    expect_problems(BUS,
                    "warning 1:14 cache is of type default, which nodes of other processes do not "
                    "share: each has versions of records of its own\n"
                    "warning 1:14 storage is of type default, which nodes of other processes do "
                    "not share: each stores only what is written there\n");
    expect_problems(BUS "cache: {name: redis}\n",
                    "warning 1:14 storage is of type default, which nodes of other processes do "
                    "not share: each stores only what is written there\n");
}

static void nodes_that_share_records_are_not_warned_of(void **state)
{
    (void)state;
    struct config *config = load_valid(BUS "cache: {name: redis}\nstorage: {type: none}\n");
    config_free(&config);
}

static void a_node_must_be_heard_before_it_counts_as_gone(void **state)
{
    (void)state;
    expect_problems("clusterRegistry:\n  options: {nodeInactiveTimeout: 5000}\n  type: default\n",
                    "warning 2:34 nodeInactiveTimeout has to be more than keepAliveInterval: nodes "
                    "that live would be taken for gone between two signs of life\n");
    expect_problems("clusterRegistry:\n  options: {keepAliveInterval: 6000}\n  type: default\n",
                    "warning 2:32 nodeInactiveTimeout has to be more than keepAliveInterval: nodes "
                    "that live would be taken for gone between two signs of life\n");
}

static void a_bus_that_the_nodes_of_one_process_do_not_use_is_said(void **state)
{
    (void)state;
    struct config_request request = {
        .text_name = "config.yml", .text = SLICE(BUS), .is_vertical = true};
    expect_problems_of(config_load(&request),
                       "warning 1:14 `deepstream cluster` has a bus of its own, inside the "
                       "process: this one is not used, and nodes of other processes are not "
                       "reached\n");
    request.text = SLICE("clusterNode: {name: vertical}\n");
    expect_problems_of(config_load(&request), "");
}

static void a_bus_that_nobody_else_is_on_is_said(void **state)
{
    (void)state;
    /* as the files of the original say it */
    expect_problems("clusterNode: {name: vertical}\n",
                    "warning 1:14 vertical is the bus inside a process of several nodes, which "
                    "`deepstream cluster` runs: this node is alone on it, and reaches no other "
                    "one\n");
    struct config_request request = {.text_name = "config.yml",
                                     .text = SLICE("clusterNode: {type: vertical}\n"),
                                     .is_vertical = true};
    expect_problems_of(config_load(&request), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_that_share_no_records_are_warned_of),
        cmocka_unit_test(nodes_that_share_records_are_not_warned_of),
        cmocka_unit_test(a_node_must_be_heard_before_it_counts_as_gone),
        cmocka_unit_test(a_bus_that_the_nodes_of_one_process_do_not_use_is_said),
        cmocka_unit_test(a_bus_that_nobody_else_is_on_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
