#pragma once
/* --check-config and --print-config, which commands that run nodes answer instead of running. */

#include "node_options.h"

/* Whether one of them was given. */
bool asked_config(const struct node_options *options);

/* The answer, on standard output. config was loaded with options, and is not used afterwards. */
enum exit_status answer_asked_config(const struct node_options *options, struct config *config,
                                     enum colour_choice colour);
