/* What another node may say, of whatever form, to the registry, the states and the locks of a node.
 * Afterwards the node says what it knows, and closes. */

#include "support/bus_double.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct ds_plugin ds_cluster_registry_default, ds_state_registry_default,
    ds_locks_default;

static const struct ds_plugin *const PLUGINS[] = {&ds_cluster_registry_default,
                                                  &ds_state_registry_default, &ds_locks_default};
static const uint8_t TOPICS[] = {9, 11, 10};
enum { PLUGIN_COUNT = sizeof PLUGINS / sizeof *PLUGINS };

static void note_name(void *context, ds_slice name)
{
    *(size_t *)context += name.length;
}

static void look_at(void *states)
{
    const struct ds_state_registry_operations *operations = ds_state_registry_default.operations;
    size_t bytes = 0;
    for (uint8_t set = 10; set < 19; set++)
        operations->each(states, set, note_name, &bytes);
}

/* Lines are messages; the first byte of each says who gets it. */
static void say_lines(struct double_node *from, slice text)
{
    while (text.length > 0) {
        const char *end = memchr(text.at, '\n', text.length);
        size_t length = end == NULL ? text.length : (size_t)(end - text.at);
        if (length > 0) {
            uint8_t topic = TOPICS[(uint8_t)text.at[0] % PLUGIN_COUNT];
            from->services.bus_send(from, topic, slice_part(text, 1, length));
            bus_double_deliver(from->bus);
        }
        text = slice_part(text, end == NULL ? length : length + 1, text.length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = {(const char *)data, size};
    void *selves[PLUGIN_COUNT];
    struct bus_double bus;
    bus_double_init(&bus);
    struct double_node *node = bus_double_add(&bus, "a"), *other = bus_double_add(&bus, "b");
    for (size_t i = 0; i < PLUGIN_COUNT; i++)
        selves[i] = double_node_open(node, PLUGINS[i], "{}");
    ((const struct ds_cluster_registry_operations *)ds_cluster_registry_default.operations)
        ->join(selves[0]);
    double_node_sees(node, "b");
    say_lines(other, text);
    look_at(selves[1]);
    for (size_t i = PLUGIN_COUNT; i > 0; i--)
        double_node_close(node, PLUGINS[i - 1], selves[i - 1]);
    bus_double_fini(&bus);
    return 0;
}
