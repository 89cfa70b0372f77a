/* Folders are watched and not files, since editors replace files instead of writing into them. */

#define _GNU_SOURCE

#include "test_watch.h"

#include "base/slice.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define QUIET_MS 60 /* editors write, rename and delete in a row */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

static void ending_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
}

bool test_watch_open(struct test_watch *watch)
{
    sigset_t signals;
    ending_signals(&signals);
    watch->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->changes < 0)
        return false;
    watch->signals = signalfd(-1, &signals, SFD_CLOEXEC);
    if (watch->signals < 0) {
        int error = errno;
        close(watch->changes);
        errno = error;
        return false;
    }
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return true;
}

void test_watch_close(struct test_watch *watch)
{
    close(watch->changes);
    close(watch->signals);
}

void test_watch_folder(struct test_watch *watch, const char *path)
{
    (void)inotify_add_watch(watch->changes, path, EVENTS | IN_ONLYDIR);
}

void test_watch_file(struct test_watch *watch, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        test_watch_folder(watch, ".");
        return;
    }
    char *folder = strndup(path, (size_t)(slash - path) + 1);
    if (folder != NULL)
        test_watch_folder(watch, folder);
    free(folder);
}

static bool ends_with(slice name, slice end)
{
    return name.length > end.length &&
           slice_equal(slice_part(name, name.length - end.length, name.length), end);
}

static bool is_of_interest(slice name)
{
    return ends_with(name, SLICE(".yml")) || ends_with(name, SLICE(".yaml")) ||
           ends_with(name, SLICE(".json")) || ends_with(name, SLICE(".vbc"));
}

/* Takes all events that are there; whether one of them matters. */
static bool take_events(const struct test_watch *watch)
{
    char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool matters = false;
    ssize_t got;
    while ((got = read(watch->changes, bytes, sizeof bytes)) > 0) {
        for (size_t at = 0; at < (size_t)got;) {
            const struct inotify_event *event = (const void *)(bytes + at);
            matters = matters || (event->mask & IN_Q_OVERFLOW) != 0 ||
                      (event->len > 0 && is_of_interest(slice_of(event->name)));
            at += sizeof *event + event->len;
        }
    }
    return matters;
}

bool test_watch_wait(struct test_watch *watch)
{
    struct pollfd files[] = {{.fd = watch->signals, .events = POLLIN},
                             {.fd = watch->changes, .events = POLLIN}};
    bool changed = false;
    for (;;) {
        int ready = poll(files, 2, changed ? QUIET_MS : -1);
        if (ready == 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready > 0 && files[0].revents != 0)
            return false;
        if (ready > 0 && files[1].revents != 0)
            changed = take_events(watch) || changed;
    }
}
