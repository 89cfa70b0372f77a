#pragma once
/* The cache or storage that a contract is run against, and what it may do differently from others.
 * What is left out, or NULL or 0, means: as the contract has it. */

#include "deepstream/plugin.h"

struct store_subject {
    const struct ds_plugin *plugin;
    const char *options_json; /* a relative path in them starts in a scratch folder of the test */

    /* The shared object of the plugin, when other processes that open it with these options reach
     * the same records: two of them are tried as well. NULL: records are of this process. */
    const char *library;

    /* Names that are answered with an error, and change nothing. NULL: none. */
    bool (*refuses_name)(ds_slice name);

    size_t largest_data; /* bytes of a record that it takes; 0: as many as are tried */

    /* Data comes back as the same JSON with other blanks, as from a column of type jsonb. */
    bool reformats_data;
};
