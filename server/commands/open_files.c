#include "open_files.h"

#include <sys/resource.h>

struct open_files open_files_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return (struct open_files){0, 0};
    struct open_files files = {.before = limit.rlim_cur, .after = limit.rlim_cur};
    limit.rlim_cur = limit.rlim_max;
    if (files.before != limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) == 0)
        files.after = limit.rlim_max;
    return files;
}
