#pragma once
/* How many files, and so connections, the process may have open. */

#include <stdint.h>

struct open_files {
    uint64_t before;
    uint64_t after; /* 0: the system did not say */
};

/* Raises the bound as far as the system lets it. */
struct open_files open_files_raise(void);
