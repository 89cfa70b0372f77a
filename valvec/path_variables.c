/* `$` and the longest run of ASCII letters and digits after it (valve.md 2.1). */

#include "path_variables.h"

bool path_is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool path_variable_next(slice path, size_t *position, struct path_variable *variable)
{
    for (size_t i = *position; i < path.length; i++) {
        if (path.at[i] != '$')
            continue;
        size_t end = i + 1;
        while (end < path.length && path_is_name_character(path.at[end]))
            end++;
        if (end == i + 1)
            continue;
        *variable = (struct path_variable){i, end, slice_part(path, i + 1, end)};
        *position = end;
        return true;
    }
    *position = path.length;
    return false;
}
