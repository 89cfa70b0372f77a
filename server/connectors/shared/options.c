#include "shared/options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool refuse(struct ds_error *error, const struct ds_value *option, const char *key,
                   const char *what)
{
    snprintf(error->text, sizeof error->text, "%s must be %s", key, what);
    error->value = option;
    return false;
}

bool option_whole(const struct ds_value *options, const char *key, uint64_t least, uint64_t most,
                  uint64_t fallback, uint64_t *number, struct ds_error *error)
{
    const struct ds_value *option = ds_value_member(options, key);
    *number = fallback;
    if (ds_value_kind(option) == DS_VALUE_NULL)
        return true;
    double given = ds_value_number(option, -1);
    if (given >= (double)least && given <= (double)most && given == (double)(uint64_t)given) {
        *number = (uint64_t)given;
        return true;
    }
    char what[96];
    snprintf(what, sizeof what, "a whole number from %" PRIu64 " to %" PRIu64, least, most);
    return refuse(error, option, key, what);
}

bool option_boolean(const struct ds_value *options, const char *key, bool fallback, bool *is_true,
                    struct ds_error *error)
{
    const struct ds_value *option = ds_value_member(options, key);
    *is_true = ds_value_boolean(option, fallback);
    if (ds_value_kind(option) == DS_VALUE_NULL || ds_value_kind(option) == DS_VALUE_BOOLEAN)
        return true;
    return refuse(error, option, key, "true or false");
}

bool option_text(const struct ds_value *options, const char *key, ds_slice fallback, ds_slice *text,
                 struct ds_error *error)
{
    const struct ds_value *option = ds_value_member(options, key);
    *text = ds_value_text(option, fallback);
    if (ds_value_kind(option) == DS_VALUE_NULL)
        return true;
    if (ds_value_kind(option) == DS_VALUE_TEXT && text->length > 0 &&
        memchr(text->at, '\0', text->length) == NULL)
        return true;
    return refuse(error, option, key, "a text");
}

bool option_max_queue_bytes(const struct ds_value *options, size_t *bytes, struct ds_error *error)
{
    uint64_t number;
    bool is_fit =
        option_whole(options, "maxQueueBytes", 1024, (uint64_t)1 << 40, 64 << 20, &number, error);
    *bytes = (size_t)number;
    return is_fit;
}

bool option_refuse(struct ds_error *error, const struct ds_value *option, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    error->value = option;
    return false;
}
