#include "paths.h"

#include "base/buf.h"
#include "base/check.h"

#include <limits.h>
#include <unistd.h>

char *program_path(void)
{
    char *path = calloc(1, PATH_MAX);
    CHECK(path != NULL);
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length < 0)
        path[0] = '\0';
    return path;
}

char *absolute_path(const char *path)
{
    struct buf text = BUF_EMPTY;
    if (path == NULL)
        return NULL;
    if (path[0] != '/') {
        char *folder = getcwd(NULL, 0);
        buf_printf(&text, "%s/", folder == NULL ? "." : folder);
        free(folder);
    }
    buf_append_text(&text, path);
    buf_append_byte(&text, '\0');
    return text.at;
}
