/* A storage that cannot write gives an error to the writer; the node goes on, with everything that
 * needs no disk, and writes again when it can.
 *
 *     full_disk PROGRAM full      the file lies on a small file system of its own (needs root)
 *     full_disk PROGRAM limited   the server may not make files longer
 *     full_disk PROGRAM locked    another program has locked the file
 *
 * Ends with 77 when the way is not possible here. */

#define _GNU_SOURCE

#include "support/ask.h"
#include "support/server_process.h"

#include "base/check.h"

#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
    SKIPPED = 77,
    KEPT = 20,      /* records written before */
    MOST_BIG = 300, /* records of 64 KiB that must not all fit */
    BIG_BYTES = 65536,
    LIMIT_BYTES = 1 << 20,
};

struct test {
    struct server_process server;
    struct binary_client writer, other;
    char folder[128]; /* of the storage */
    sqlite3 *lock;
    char *big; /* JSON of BIG_BYTES */
    unsigned big_acknowledged;
};

#define EXPECT(test, condition)                                                                    \
    ((condition) ? (void)0 : give_up(test, #condition, __FILE__, __LINE__))

static _Noreturn void give_up(struct test *test, const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    server_process_print_log(&test->server);
    server_process_kill(&test->server);
    umount2(test->folder, MNT_DETACH);
    server_process_remove(&test->server);
    exit(1);
}

/* ---- ways to take the disk away ---- */

struct way {
    const char *name;
    bool (*prepare)(struct test *test); /* before the server starts; false: not possible here */
    void (*take_away)(struct test *test);
    void (*give_back)(struct test *test);
};

static bool need_nothing(struct test *test)
{
    (void)test;
    return true;
}

/* The file system is of this process and its children only, and goes with them. */
static bool mount_small(struct test *test)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", test->folder, "tmpfs", 0, "size=2m") == 0;
}

static void leave_it_small(struct test *test)
{
    (void)test;
}

static void enlarge(struct test *test)
{
    EXPECT(test, mount(NULL, test->folder, NULL, MS_REMOUNT, "size=256m") == 0);
}

static void set_limit(struct test *test, rlim_t bytes)
{
    struct rlimit limit;
    EXPECT(test, prlimit(test->server.child.pid, RLIMIT_FSIZE, NULL, &limit) == 0);
    limit.rlim_cur = bytes;
    EXPECT(test, prlimit(test->server.child.pid, RLIMIT_FSIZE, &limit, NULL) == 0);
}

static void limit(struct test *test)
{
    set_limit(test, LIMIT_BYTES);
}

static void unlimit(struct test *test)
{
    set_limit(test, RLIM_INFINITY);
}

static void lock(struct test *test)
{
    char path[192];
    snprintf(path, sizeof path, "%s/records.sqlite", test->folder);
    EXPECT(test, sqlite3_open(path, &test->lock) == SQLITE_OK);
    EXPECT(test, sqlite3_exec(test->lock, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
}

static void unlock(struct test *test)
{
    EXPECT(test, sqlite3_exec(test->lock, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(test->lock);
}

static const struct way WAYS[] = {
    {"full", mount_small, leave_it_small, enlarge},
    {"limited", need_nothing, limit, unlimit},
    {"locked", need_nothing, lock, unlock},
};

/* ---- what is asked of the server ---- */

static void connect_both(struct test *test)
{
    EXPECT(test, server_process_connect(&test->server, &test->writer, "writer") == NULL);
    EXPECT(test, server_process_connect(&test->server, &test->other, "other") == NULL);
}

static void hang_up_both(struct test *test)
{
    binary_client_close(&test->writer);
    binary_client_close(&test->other);
}

/* Whether the write was acknowledged; if not, it was answered with an error that says all it has
 * to. */
static bool write_one(struct test *test, const char *name, slice data)
{
    struct message *answer = ask_write(&test->writer, name, data);
    EXPECT(test, answer != NULL);
    EXPECT(test, answer->is_write_ack);
    EXPECT(test, slice_equal(answer->correlation_id, SLICE("1")));
    bool is_acknowledged = answer->action == RECORD_WRITE_ACKNOWLEDGEMENT;
    if (!is_acknowledged) {
        EXPECT(test, answer->action == RECORD_RECORD_UPDATE_ERROR);
        EXPECT(test, answer->is_error);
    }
    free(answer);
    return is_acknowledged;
}

static void expect_record(struct test *test, struct binary_client *client, const char *name,
                          slice data)
{
    struct message *answer = ask_read(client, name);
    EXPECT(test, answer != NULL && answer->action == RECORD_READ_RESPONSE);
    EXPECT(test, answer->version == 1 && slice_equal(answer->data, data));
    free(answer);
}

static slice big_data(const struct test *test)
{
    return (slice){test->big, BIG_BYTES};
}

static const char *name_of(const char *kind, unsigned number)
{
    static char name[32];
    snprintf(name, sizeof name, "%s/%u", kind, number);
    return name;
}

static void write_until_refused(struct test *test)
{
    while (test->big_acknowledged < MOST_BIG &&
           write_one(test, name_of("big", test->big_acknowledged), big_data(test)))
        test->big_acknowledged++;
    EXPECT(test, test->big_acknowledged < MOST_BIG);
}

static void expect_that_the_node_goes_on(struct test *test)
{
    struct message subscribe = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    struct message emit = MESSAGE(TOPIC_EVENT, EVENT_EMIT), *answer;
    slice names[] = {SLICE("news")};
    message_set_names(&subscribe, names, 1);
    MESSAGE_SET(&subscribe, correlation_id, SLICE("2"));
    MESSAGE_SET(&emit, name, names[0]);
    MESSAGE_SET(&emit, data, SLICE("1"));
    answer = ask(&test->writer, &subscribe); /* the acknowledgement has no name, as the question */
    EXPECT(test, answer != NULL && answer->is_ack);
    free(answer);
    binary_client_send(&test->other, &emit);
    EXPECT(test, binary_client_flush(&test->other) == NULL);
    answer = ask(&test->writer, &emit); /* which is not echoed: what comes is the other's */
    EXPECT(test, answer != NULL && answer->action == EVENT_EMIT);
    free(answer);
    expect_record(test, &test->other, name_of("kept", 0), SLICE("{}"));
}

static void expect_all(struct test *test)
{
    for (unsigned i = 0; i < KEPT; i++)
        expect_record(test, &test->other, name_of("kept", i), SLICE("{}"));
    for (unsigned i = 0; i < test->big_acknowledged; i++)
        expect_record(test, &test->other, name_of("big", i), big_data(test));
    expect_record(test, &test->other, "after", SLICE("[]"));
}

static void run(struct test *test, const struct way *way)
{
    server_process_start(&test->server);
    connect_both(test);
    for (unsigned i = 0; i < KEPT; i++)
        EXPECT(test, write_one(test, name_of("kept", i), SLICE("{}")));

    way->take_away(test);
    write_until_refused(test);
    expect_that_the_node_goes_on(test);
    EXPECT(test, !write_one(test, "refused", big_data(test)));
    expect_that_the_node_goes_on(test);
    EXPECT(test, server_process_has_logged(&test->server, "STORAGE_ERROR"));

    way->give_back(test);
    EXPECT(test, write_one(test, "after", SLICE("[]")));
    EXPECT(test, server_process_has_logged(&test->server, "writes work again"));
    hang_up_both(test);
    EXPECT(test, server_process_stop(&test->server) == 0);

    server_process_start(&test->server);
    connect_both(test);
    expect_all(test);
    hang_up_both(test);
    EXPECT(test, server_process_stop(&test->server) == 0);
}

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
        if (strcmp(WAYS[i].name, name) == 0)
            return &WAYS[i];
    fprintf(stderr, "no such way: %s\n", name);
    exit(2);
}

static void test_init(struct test *test, const char *program)
{
    server_process_make(&test->server, program,
                        "storage:\n  type: default\n  options:\n"
                        "    path: data/records.sqlite\n");
    snprintf(test->folder, sizeof test->folder, "%s/data", test->server.child.folder);
    CHECK(mkdir(test->folder, 0777) == 0);
    test->big = malloc(BIG_BYTES);
    CHECK(test->big != NULL);
    memset(test->big, 'x', BIG_BYTES);
    memcpy(test->big, "[\"", 2);
    memcpy(test->big + BIG_BYTES - 2, "\"]", 2);
}

int main(int argc, char **argv)
{
    static struct test test;
    if (argc != 3)
        return 2;
    const struct way *way = find_way(argv[2]);
    test_init(&test, argv[1]);
    bool is_possible = way->prepare(&test);
    if (is_possible)
        run(&test, way);
    printf("%s: %u large records fitted\n", is_possible ? way->name : "not possible here",
           test.big_acknowledged);
    umount2(test.folder, MNT_DETACH);
    server_process_remove(&test.server);
    free(test.big);
    return is_possible ? 0 : SKIPPED;
}
