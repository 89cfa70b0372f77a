#pragma once
/* Lists of a message from JSON: counted, bounded, then read. Private to the codecs of text. */

#include "message/codec.h"

/* Whether other protocols can say it: escapes of JSON may form lone surrogates. */
bool json_is_unicode(slice text);

/* Sets `names` to the texts of a list, or `versions` to the numbers of an object. text is any JSON
 * value, or none. Return NULL, or what is wrong (static). */
const char *json_read_names(slice text, const struct message_limits *limits, struct arena *arena,
                            struct message *message);
const char *json_read_versions(slice text, const struct message_limits *limits, struct arena *arena,
                               struct message *message);
