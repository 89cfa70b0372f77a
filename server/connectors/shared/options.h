#pragma once
/* Options of connectors, read with their bounds: absent (or null) gives the fallback, anything that
 * is not fit gives an error that names the option, and false. */

#include "deepstream/plugin.h"

/* A whole number from least to most. */
bool option_whole(const struct ds_value *options, const char *key, uint64_t least, uint64_t most,
                  uint64_t fallback, uint64_t *number, struct ds_error *error);

bool option_boolean(const struct ds_value *options, const char *key, bool fallback, bool *is_true,
                    struct ds_error *error);

/* `maxQueueBytes`, how much may wait for a backend: 1 KiB to 1 TiB, 64 MiB when it is absent. */
bool option_max_queue_bytes(const struct ds_value *options, size_t *bytes, struct ds_error *error);

/* A text without zero bytes, which lives as long as the option. */
bool option_text(const struct ds_value *options, const char *key, ds_slice fallback, ds_slice *text,
                 struct ds_error *error);

/* For what only the connector knows to be unfit: fills error with the text, and with the option
 * that is to blame, which may be NULL; returns false. */
bool option_refuse(struct ds_error *error, const struct ds_value *option, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
