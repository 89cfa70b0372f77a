#include "key.h"

#include "base/utf8.h"

static bool holds(slice text, char byte)
{
    return text.length > 0 && memchr(text.at, byte, text.length) != NULL;
}

bool key_is_identifier(slice text)
{
    return text.length > 0 && text.length <= KEY_MOST_IDENTIFIER && !holds(text, '\0') &&
           utf8_valid(text, false);
}

bool key_is_hostile(slice text)
{
    return holds(text, '\'') || holds(text, '\\');
}

/* The index of the primary key of table `a` is called a_pkey, or a_pkey1 when that is taken. */
static bool is_name_of_index(slice table)
{
    static const slice suffix = SLICE("_pkey");
    size_t end = table.length;
    while (end > 0 && table.at[end - 1] >= '0' && table.at[end - 1] <= '9')
        end--;
    return end >= suffix.length && slice_equal(slice_part(table, end - suffix.length, end), suffix);
}

static bool is_fit_for_table(slice table, slice default_table)
{
    return key_is_identifier(table) && !holds(table, '"') && !holds(table, ';') &&
           !is_name_of_index(table) && !slice_equal(table, default_table);
}

const char *key_of_name(slice name, slice default_table, struct key *key)
{
    *key = (struct key){default_table, name};
    if (holds(name, '\0'))
        return "PostgreSQL has no names with a zero byte";
    if (!utf8_valid(name, false))
        return "the name is not UTF-8";
    const char *slash = name.length == 0 ? NULL : memchr(name.at, '/', name.length);
    if (slash == NULL)
        return NULL;
    size_t length = (size_t)(slash - name.at);
    slice table = slice_part(name, 0, length);
    if (is_fit_for_table(table, default_table))
        *key = (struct key){table, slice_part(name, length + 1, name.length)};
    return NULL;
}
