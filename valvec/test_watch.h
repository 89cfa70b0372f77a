#pragma once
/* Waits until a file of some folders changes, or the user has had enough. */

#include <stdbool.h>

struct test_watch {
    int changes; /* inotify */
    int signals; /* SIGINT and SIGTERM, which are blocked while the watch is open */
};

/* Returns false with errno. Close it only when that was true. */
bool test_watch_open(struct test_watch *watch);
void test_watch_close(struct test_watch *watch);

/* Watches the folder that a file is in, or a folder itself. Adding one again changes nothing. What
 * cannot be watched is left out. */
void test_watch_file(struct test_watch *watch, const char *path);
void test_watch_folder(struct test_watch *watch, const char *path);

/* Returns true after a YAML, JSON or program file in a watched folder has changed and a moment has
 * passed without another change; false when the user ends the program. */
bool test_watch_wait(struct test_watch *watch);
