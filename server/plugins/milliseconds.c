#include "plugins/milliseconds.h"

#include <stdio.h>

bool option_milliseconds(const struct ds_value *options, const char *key, double fallback,
                         double least, uint64_t *milliseconds, struct ds_error *error)
{
    double value = ds_value_number(ds_value_member(options, key), fallback);
    if (!(value >= least && value <= INT32_MAX)) {
        snprintf(error->text, sizeof error->text, "%s must be a number of ms from %.0f", key,
                 least);
        return false;
    }
    *milliseconds = (uint64_t)value;
    return true;
}
