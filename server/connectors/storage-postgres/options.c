#include "options.h"

#include "key.h"

#include "base/check.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

const char *const option_names[] = {
#define PASSED(option, keyword) #option,
#define FILE(option, keyword) #option,
#define NUMBER(option, member, least, most, otherwise) #option,
#define OTHER(option) #option,
#include "options.def"
#undef PASSED
#undef FILE
#undef NUMBER
#undef OTHER
    NULL,
};

/* ---- a list of parameters ---- */

const char *conninfo_find(const struct conninfo *conninfo, const char *keyword)
{
    for (size_t i = 0; i < conninfo->count; i++)
        if (strcmp(conninfo->keywords[i], keyword) == 0)
            return conninfo->values[i];
    return NULL;
}

void conninfo_set(struct conninfo *conninfo, const char *keyword, slice value)
{
    for (size_t i = 0; i < conninfo->count; i++)
        if (strcmp(conninfo->keywords[i], keyword) == 0) {
            free(conninfo->values[i]);
            conninfo->values[i] = slice_to_text(value);
            return;
        }
    size_t count = conninfo->count++;
    conninfo->keywords = realloc(conninfo->keywords, (count + 2) * sizeof(char *));
    conninfo->values = realloc(conninfo->values, (count + 2) * sizeof(char *));
    CHECK(conninfo->keywords != NULL && conninfo->values != NULL);
    conninfo->keywords[count] = slice_to_text(slice_of(keyword));
    conninfo->values[count] = slice_to_text(value);
    conninfo->keywords[count + 1] = conninfo->values[count + 1] = NULL;
}

void conninfo_fini(struct conninfo *conninfo)
{
    for (size_t i = 0; i < conninfo->count; i++) {
        free(conninfo->keywords[i]);
        free(conninfo->values[i]);
    }
    free(conninfo->keywords);
    free(conninfo->values);
    *conninfo = (struct conninfo){0};
}

/* ---- reading ---- */

struct reading {
    struct options *options;
    const struct ds_services *services;
    const struct ds_value *given;
    struct ds_error *error;
};

/* blamed: the option that is to blame. */
#define REFUSE(reading, blamed, ...)                                                               \
    (snprintf((reading)->error->text, sizeof(reading)->error->text, __VA_ARGS__),                  \
     (reading)->error->value = (blamed), false)

static bool is_set(const struct ds_value *value)
{
    return ds_value_kind(value) != DS_VALUE_NULL;
}

static bool has_zero_byte(slice text)
{
    return text.length > 0 && memchr(text.at, '\0', text.length) != NULL;
}

static bool read_passed(struct reading *reading, const char *option, const char *keyword)
{
    const struct ds_value *value = ds_value_member(reading->given, option);
    slice text = ds_value_text(value, (slice){0});
    if (!is_set(value))
        return true;
    if (ds_value_kind(value) == DS_VALUE_NUMBER)
        text = ds_value_json(value);
    else if (ds_value_kind(value) != DS_VALUE_TEXT || has_zero_byte(text))
        return REFUSE(reading, value, "%s must be a text", option);
    conninfo_set(&reading->options->conninfo, keyword, text);
    return true;
}

static void set_path(struct reading *reading, const char *keyword, slice path)
{
    struct buf whole = BUF_EMPTY;
    if (path.length > 0 && path.at[0] != '/')
        buf_printf(&whole, "%s/", reading->services->config_dir);
    buf_append(&whole, path);
    conninfo_set(&reading->options->conninfo, keyword, buf_slice(&whole));
    buf_fini(&whole);
}

static bool read_file(struct reading *reading, const char *option, const char *keyword)
{
    const struct ds_value *value = ds_value_member(reading->given, option);
    slice path = ds_value_text(value, (slice){0});
    if (!is_set(value))
        return true;
    if (path.length == 0 || has_zero_byte(path))
        return REFUSE(reading, value, "%s must be the path of a file", option);
    set_path(reading, keyword, path);
    return true;
}

static bool read_number(struct reading *reading, const char *option, double least, double most,
                        double otherwise, double *number)
{
    const struct ds_value *value = ds_value_member(reading->given, option);
    *number = is_set(value) ? ds_value_number(value, -1) : otherwise;
    return (*number >= least && *number <= most) ||
           REFUSE(reading, value, "%s must be a number from %.0f to %.0f", option, least, most);
}

static bool read_boolean(struct reading *reading, const struct ds_value *map, const char *option,
                         bool otherwise, bool *boolean)
{
    const struct ds_value *value = ds_value_member(map, option);
    *boolean = ds_value_boolean(value, otherwise);
    return !is_set(value) || ds_value_kind(value) == DS_VALUE_BOOLEAN ||
           REFUSE(reading, value, "%s must be true or false", option);
}

/* A name within the database; empty when it is not given. */
static bool read_identifier(struct reading *reading, const char *option, slice *identifier)
{
    const struct ds_value *value = ds_value_member(reading->given, option);
    slice text = ds_value_text(value, (slice){0});
    if (!is_set(value))
        return true;
    if (!key_is_identifier(text))
        return REFUSE(reading, value, "%s must be a name of 1 to %d bytes", option,
                      KEY_MOST_IDENTIFIER);
    *identifier = slice_copy(text);
    return true;
}

static bool read_names(struct reading *reading)
{
    struct options *options = reading->options;
    if (!read_identifier(reading, "schema", &options->schema) ||
        !read_identifier(reading, "defaultTable", &options->default_table) ||
        !read_identifier(reading, "role", &options->role))
        return false;
    if (options->schema.length == 0)
        options->schema = slice_copy(SLICE("ds"));
    if (options->default_table.length == 0)
        options->default_table = slice_copy(SLICE("default"));
    return true;
}

/* "postgres://user:password@host:5432/database" or "host=... dbname=...". */
static bool read_url(struct reading *reading, const char *option)
{
    const struct ds_value *value = ds_value_member(reading->given, option);
    slice text = ds_value_text(value, (slice){0});
    if (!is_set(value))
        return true;
    if (text.length == 0 || has_zero_byte(text))
        return REFUSE(reading, value, "%s must be a text", option);
    char *copy = slice_to_text(text), *problem = NULL;
    PQconninfoOption *parsed = PQconninfoParse(copy, &problem);
    free(copy);
    if (parsed == NULL) { /* its text would repeat the password */
        PQfreemem(problem);
        return REFUSE(reading, value, "%s is not a connection URI of PostgreSQL", option);
    }
    for (const PQconninfoOption *at = parsed; at->keyword != NULL; at++)
        if (at->val != NULL)
            conninfo_set(&reading->options->conninfo, at->keyword, slice_of(at->val));
    PQconninfoFree(parsed);
    return true;
}

/* true, false, or what the `pg` package of Node.js takes; certificates come from files. */
static bool read_ssl(struct reading *reading)
{
    static const struct {
        const char *member, *keyword;
    } files[] = {{"ca", "sslrootcert"}, {"cert", "sslcert"}, {"key", "sslkey"}};
    const struct ds_value *ssl = ds_value_member(reading->given, "ssl");
    bool is_on = ds_value_boolean(ssl, true), is_verified = true;
    if (!is_set(ssl))
        return true;
    if (ds_value_kind(ssl) != DS_VALUE_BOOLEAN && ds_value_kind(ssl) != DS_VALUE_MAP)
        return REFUSE(reading, ssl, "ssl must be true, false or a map of ca, cert and key");
    if (!read_boolean(reading, ssl, "rejectUnauthorized", true, &is_verified))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct ds_value *value = ds_value_member(ssl, files[i].member);
        slice path = ds_value_file(value);
        if (is_set(value) && path.length == 0)
            return REFUSE(reading, value, "ssl.%s must be fileLoad(...) of a file, or use %s",
                          files[i].member, files[i].keyword);
        if (path.length > 0)
            set_path(reading, files[i].keyword, path);
    }
    struct conninfo *conninfo = &reading->options->conninfo;
    if (conninfo_find(conninfo, "sslmode") != NULL)
        return true;
    if (is_on && is_verified && conninfo_find(conninfo, "sslrootcert") == NULL)
        return REFUSE(reading, ssl,
                      "ssl checks the certificate of the database: name its authority in "
                      "sslrootcert, or set sslmode to require to encrypt unchecked");
    const char *mode = !is_on ? "disable" : is_verified ? "verify-full" : "require";
    conninfo_set(conninfo, "sslmode", slice_of(mode));
    return true;
}

static bool read_notifications(struct reading *reading)
{
    static const char *const names[NOTIFICATIONS] = {
        [NOTIFY_CREATE_TABLE] = "CREATE_TABLE",
        [NOTIFY_DESTROY_TABLE] = "DESTROY_TABLE",
        [NOTIFY_INSERT] = "INSERT",
        [NOTIFY_UPDATE] = "UPDATE",
        [NOTIFY_DELETE] = "DELETE",
    };
    const struct ds_value *map = ds_value_member(reading->given, "notifications");
    if (is_set(map) && ds_value_kind(map) != DS_VALUE_MAP)
        return REFUSE(reading, map, "notifications must be a map");
    /* One that is not named in a map is off, as the original has it. */
    for (int i = 0; i < NOTIFICATIONS; i++)
        if (!read_boolean(reading, map, names[i], !is_set(map), &reading->options->notifies[i]))
            return false;
    return true;
}

static bool read_others(struct reading *reading)
{
    const struct ds_value *split = ds_value_member(reading->given, "splitChar");
    if (is_set(split) && !slice_equal(ds_value_text(split, (slice){0}), SLICE("/")))
        return REFUSE(reading, split, "splitChar can only be /");
    return read_url(reading, "connectionString") && read_url(reading, "url") &&
           read_names(reading) &&
           read_boolean(reading, reading->given, "useJsonb", false, &reading->options->is_jsonb) &&
           read_notifications(reading);
}

/* What is set in the list stands above what the URL says. */
static bool read_listed(struct reading *reading)
{
    double number;
#define PASSED(option, keyword)                                                                    \
    if (!read_passed(reading, #option, keyword))                                                   \
        return false;
#define FILE(option, keyword)                                                                      \
    if (!read_file(reading, #option, keyword))                                                     \
        return false;
#define NUMBER(option, member, least, most, otherwise)                                             \
    if (!read_number(reading, #option, least, most, otherwise, &number))                           \
        return false;                                                                              \
    reading->options->member = (__typeof__(reading->options->member))number;
#define OTHER(option)
#include "options.def"
#undef PASSED
#undef FILE
#undef NUMBER
#undef OTHER
    return true;
}

/* ---- what libpq would choose ---- */

/* Fills in what the environment says (PGHOST, PGUSER ...), since addresses are looked up before
 * libpq gets to it; and settings without which the connector would not work. */
static void complete(struct options *options)
{
    PQconninfoOption *defaults = PQconndefaults();
    for (const PQconninfoOption *at = defaults; at != NULL && at->keyword != NULL; at++)
        if (at->val != NULL && conninfo_find(&options->conninfo, at->keyword) == NULL)
            conninfo_set(&options->conninfo, at->keyword, slice_of(at->val));
    PQconninfoFree(defaults);
    conninfo_set(&options->conninfo, "client_encoding", SLICE("UTF8"));
    conninfo_set(&options->conninfo, "gssencmode", SLICE("disable")); /* it may block */
    if (conninfo_find(&options->conninfo, "application_name") == NULL)
        conninfo_set(&options->conninfo, "application_name", SLICE("deepstream"));
}

static size_t items_of(const char *list)
{
    size_t items = 1;
    for (; list != NULL && *list != '\0'; list++)
        items += *list == ',';
    return items;
}

/* As libpq reads it: empty items stand for the usual port. */
static bool are_ports(const char *list)
{
    unsigned long number = 0;
    for (; list != NULL && *list != '\0'; list++) {
        bool is_digit = *list >= '0' && *list <= '9';
        bool is_end = is_digit && (list[1] == '\0' || list[1] == ',');
        number = is_digit ? number * 10 + (unsigned long)(*list - '0') : 0;
        if ((!is_digit && *list != ',') || number > 65535 || (is_end && number == 0))
            return false;
    }
    return true;
}

static bool check_ports(struct reading *reading)
{
    const struct conninfo *conninfo = &reading->options->conninfo;
    const struct ds_value *port = ds_value_member(reading->given, "port");
    if (is_set(port) && !are_ports(conninfo_find(conninfo, "port")))
        return REFUSE(reading, port, "port must be a number from 1 to 65535");
    size_t ports = items_of(conninfo_find(conninfo, "port")),
           hosts = items_of(conninfo_find(conninfo, "host"));
    return ports == 1 || ports == hosts ||
           REFUSE(reading, port, "port must be one for all hosts, or one for each");
}

static const char *or_else(const char *value, const char *otherwise)
{
    return value == NULL || value[0] == '\0' ? otherwise : value;
}

static char *backend_of(const struct conninfo *conninfo)
{
    struct buf text = BUF_EMPTY;
    const char *host = or_else(conninfo_find(conninfo, "host"),
                               or_else(conninfo_find(conninfo, "hostaddr"), "local socket"));
    buf_printf(&text, "postgres at %s:%s, database %s", host,
               or_else(conninfo_find(conninfo, "port"), "5432"),
               or_else(conninfo_find(conninfo, "dbname"),
                       or_else(conninfo_find(conninfo, "user"), "of the user")));
    buf_append_byte(&text, '\0');
    return text.at;
}

bool options_read(struct options *options, const struct ds_services *services,
                  const struct ds_value *given, struct ds_error *error)
{
    *options = (struct options){0};
    struct reading reading = {options, services, given, error};
    if (!read_others(&reading) || !read_listed(&reading) || !read_ssl(&reading)) {
        options_fini(options);
        return false;
    }
    complete(options);
    options->backend = backend_of(&options->conninfo);
    if (check_ports(&reading))
        return true;
    options_fini(options);
    return false;
}

void options_fini(struct options *options)
{
    conninfo_fini(&options->conninfo);
    free(options->backend);
    slice_free(&options->schema);
    slice_free(&options->default_table);
    slice_free(&options->role);
    *options = (struct options){0};
}
