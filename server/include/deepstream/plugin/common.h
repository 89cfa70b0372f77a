#pragma once
/* What many tables use: log levels, errors, records, and how answers come. */

#include <stdint.h>
#include "deepstream/plugin/values.h"

enum ds_log_level {
    DS_DEBUG = 0,
    DS_INFO = 1,
    DS_WARN = 2,
    DS_ERROR = 3,
    DS_FATAL = 4,
    DS_OFF = 100
};

struct ds_error {
    char text[512]; /* what is wrong and what to do: "users.yml:3:1: missing password for bob" */
    const struct ds_value
        *value; /* the option that is to blame, whose place is then shown; or NULL */
};

struct ds_record {
    int32_t version; /* DS_MISSING: there is no such record, and data is empty */
    ds_slice data;   /* JSON text */
};
#define DS_MISSING (-1)

/* error is NULL, or why the record could not be read; record is then NULL. */
typedef void ds_record_done(void *context, const char *error, const struct ds_record *record);

/* error is NULL, or why it failed. */
typedef void ds_done(void *context, const char *error);
