/* The storage in an SQLite file: the contract of all storages, files that are not fit, failures of
 * the disk, and the bound of its queue. */

#include "plugins/builtins.h"
#include "support/storage_contract.h"
#include "support/store_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB ((size_t)1 << 20)

static const struct ds_storage_operations *storage_of(const struct store_fixture *it)
{
    return it->operations;
}

static void begin_set(struct store_fixture *it, const char *name, slice data,
                      struct store_answer *answer)
{
    struct ds_record record = store_record(1, data);
    storage_of(it)->set(it->self, slice_of(name), &record, answer_done, store_answer_begin(answer));
}

/* "" when it succeeded. Static. */
static const char *end_set(struct store_fixture *it, struct store_answer *answer)
{
    static char error[128];
    store_fixture_wait(it, answer);
    snprintf(error, sizeof error, "%s", answer->error == NULL ? "" : answer->error);
    store_answer_end(answer);
    return error;
}

static const char *set(struct store_fixture *it, const char *name, slice data)
{
    struct store_answer answer;
    begin_set(it, name, data, &answer);
    return end_set(it, &answer);
}

/* The length of the data; -1 missing, -2 an error. */
static long length_of(struct store_fixture *it, const char *name)
{
    struct store_answer answer;
    storage_of(it)->get(it->self, slice_of(name), answer_record, store_answer_begin(&answer));
    store_fixture_wait(it, &answer);
    long length = answer.error != NULL           ? -2
                  : answer.version == DS_MISSING ? -1
                                                 : (long)answer.data.length;
    store_answer_end(&answer);
    return length;
}

static slice many_bytes(struct store_fixture *it, size_t length)
{
    char *bytes = arena_alloc(&it->arena, length);
    memset(bytes, '1', length);
    return (slice){bytes, length};
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* ---- failures of the disk ---- */

static void one_write_that_the_disk_cannot_take_does_not_fail_the_others(void **state)
{
    enum { SMALL = 40 };
    struct store_fixture *it = *state;
    struct store_answer small[SMALL], large;
    char name[16];
    assert_string_equal(set(it, "before", SLICE("{}")), "");
    limit_file_size(MIB);
    for (int i = 0; i < SMALL; i++) {
        if (i == SMALL / 2)
            begin_set(it, "large", many_bytes(it, 2 * MIB), &large);
        snprintf(name, sizeof name, "small %d", i);
        begin_set(it, name, SLICE("{}"), &small[i]);
    }
    for (int i = 0; i < SMALL; i++)
        assert_string_equal(end_set(it, &small[i]), "");
    assert_string_not_equal(end_set(it, &large), "");
    assert_true(plugin_host_has_logged(&it->host, "STORAGE_ERROR"));
    assert_int_equal(length_of(it, "large"), -1);
    assert_int_equal(length_of(it, "small 39"), 2);

    limit_file_size(RLIM_INFINITY);
    assert_string_equal(set(it, "large", many_bytes(it, 2 * MIB)), "");
    assert_true(plugin_host_has_logged(&it->host, "writes work again"));
    assert_int_equal(length_of(it, "large"), (long)(2 * MIB));
}

static void when_the_disk_takes_nothing_reads_go_on_and_writes_work_again_later(void **state)
{
    enum { WRITES = 500 };
    struct store_fixture *it = *state;
    static struct store_answer answers[WRITES];
    assert_string_equal(set(it, "before", SLICE("{}")), "");
    limit_file_size(0);
    for (int i = 0; i < WRITES; i++)
        begin_set(it, "during", SLICE("{}"), &answers[i]);
    for (int i = 0; i < WRITES; i++)
        assert_string_not_equal(end_set(it, &answers[i]), "");
    assert_int_equal(length_of(it, "before"), 2);
    assert_int_equal(length_of(it, "during"), -1);
    limit_file_size(RLIM_INFINITY);
    assert_string_equal(set(it, "after", SLICE("{}")), "");
    store_fixture_reopen(it);
    assert_int_equal(length_of(it, "before"), 2);
    assert_int_equal(length_of(it, "after"), 2);
}

static sqlite3 *open_beside(struct store_fixture *it)
{
    char path[128];
    snprintf(path, sizeof path, "%s/test.sqlite", it->host.folder);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    return other;
}

static void a_lock_of_another_program_fails_writes_but_not_reads(void **state)
{
    struct store_fixture *it = *state;
    assert_string_equal(set(it, "a", SLICE("{}")), "");
    sqlite3 *other = open_beside(it);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct store_answer answers[3];
    for (int i = 0; i < 3; i++)
        begin_set(it, "a", SLICE("[]"), &answers[i]);
    assert_int_equal(length_of(it, "a"), 2);
    for (int i = 0; i < 3; i++)
        assert_string_equal(end_set(it, &answers[i]),
                            "the storage file is locked by another program");
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_string_equal(set(it, "a", SLICE("[1]")), "");
}

static void write_file(const struct plugin_host *host, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", host->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void move(struct store_fixture *it, const char *from, const char *to)
{
    char old[256], new[256];
    snprintf(old, sizeof old, "%s/%s", it->host.folder, from);
    snprintf(new, sizeof new, "%s/%s", it->host.folder, to);
    assert_int_equal(rename(old, new), 0);
}

static void expect_gone_then_back(struct store_fixture *it, const char *file)
{
    assert_string_equal(set(it, "before", SLICE("{}")), "");
    move(it, file, "elsewhere");
    assert_non_null(strstr(set(it, "meanwhile", SLICE("{}")), "deleted, moved or replaced"));
    assert_true(plugin_host_has_logged(&it->host, "STORAGE_ERROR"));
    assert_int_equal(length_of(it, "before"), 2);
    assert_int_equal(length_of(it, "meanwhile"), -1);
    write_file(&it->host, file, "another one");
    assert_string_not_equal(set(it, "meanwhile", SLICE("{}")), "");
    move(it, "elsewhere", file);
    assert_string_equal(set(it, "after", SLICE("{}")), "");
    assert_true(plugin_host_has_logged(&it->host, "writes work again"));
    assert_int_equal(length_of(it, "after"), 2);
}

static void nothing_is_written_into_a_file_that_is_gone(void **state)
{
    expect_gone_then_back(*state, "test.sqlite");
}

static void nothing_is_written_into_a_log_that_is_gone(void **state)
{
    expect_gone_then_back(*state, "test.sqlite-wal");
}

static void others_may_read_the_file_meanwhile(void **state)
{
    struct store_fixture *it = *state;
    assert_string_equal(set(it, "a", SLICE("{\"b\":1}")), "");
    sqlite3 *other = open_beside(it);
    sqlite3_stmt *query = NULL;
    assert_int_equal(sqlite3_prepare_v2(other,
                                        "SELECT CAST(name AS TEXT), version, CAST(data AS TEXT)"
                                        " FROM records",
                                        -1, &query, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(query, 0), "a");
    assert_int_equal(sqlite3_column_int(query, 1), 1);
    assert_string_equal((const char *)sqlite3_column_text(query, 2), "{\"b\":1}");
    sqlite3_finalize(query);
    sqlite3_close(other);
}

static void a_file_that_was_damaged_gives_an_error(void **state)
{
    struct store_fixture *it = *state;
    char name[16], path[128], garbage[4096];
    for (int i = 0; i < 400; i++) {
        snprintf(name, sizeof name, "%d", i);
        assert_string_equal(set(it, name, many_bytes(it, 200)), "");
    }
    store_fixture_reopen(it); /* into the file itself */
    snprintf(path, sizeof path, "%s/test.sqlite", it->host.folder);
    int file = open(path, O_WRONLY);
    memset(garbage, 0xA5, sizeof garbage);
    for (off_t page = 1; page < 20; page++)
        assert_int_equal(pwrite(file, garbage, sizeof garbage, page * 4096), sizeof garbage);
    close(file);
    assert_int_equal(length_of(it, "7"), -2);
    assert_string_equal(set(it, "7", SLICE("{}")), "the storage file is damaged");
}

/* ---- the queue ---- */

/* maxQueueBytes of these tests is 1 MiB. */
static void a_full_queue_refuses_and_has_room_again_later(void **state)
{
    enum { WRITES = 64 };
    struct store_fixture *it = *state;
    struct store_answer answers[WRITES];
    slice data = many_bytes(it, MIB / 8);
    int refused = 0;
    for (int i = 0; i < WRITES; i++)
        begin_set(it, "a", data, &answers[i]); /* none is answered while the loop does not run */
    for (int i = 0; i < WRITES; i++)
        refused += strcmp(end_set(it, &answers[i]), "storage queue is full") == 0;
    assert_int_equal(refused, WRITES - 7); /* 7 with what belongs to a job */
    assert_string_equal(set(it, "b", data), "");
}

static void a_write_larger_than_the_queue_goes_alone(void **state)
{
    struct store_fixture *it = *state;
    struct store_answer first, second;
    begin_set(it, "large", many_bytes(it, 3 * MIB), &first);
    begin_set(it, "small", SLICE("{}"), &second);
    assert_string_equal(end_set(it, &first), "");
    assert_string_equal(end_set(it, &second), "storage queue is full");
    assert_int_equal(length_of(it, "large"), (long)(3 * MIB));
}

/* ---- opening ---- */

static void assert_refused(struct plugin_host *host, const char *options, const char *reason)
{
    struct ds_error error;
    void *self = plugin_host_open(host, &ds_storage_default, options, &error);
    if (self != NULL)
        plugin_host_close(host, &ds_storage_default, self);
    assert_null(self);
    if (strstr(error.text, reason) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", reason, error.text);
}

static void run_sql(const struct plugin_host *host, const char *name, const char *sql)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", host->folder, name);
    sqlite3 *file = NULL;
    assert_int_equal(sqlite3_open(path, &file), SQLITE_OK);
    assert_int_equal(sqlite3_exec(file, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(file);
}

static void the_file_and_its_folder_are_made(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    struct ds_error error;
    void *self = plugin_host_open(&host, &ds_storage_default, "{\"path\": \"data/r.db\"}", &error);
    assert_non_null(self);
    plugin_host_close(&host, &ds_storage_default, self);
    char path[128];
    snprintf(path, sizeof path, "%s/data/r.db", host.folder);
    assert_int_equal(access(path, F_OK), 0);
    self = plugin_host_open(&host, &ds_storage_default, "", &error);
    assert_non_null(self);
    plugin_host_close(&host, &ds_storage_default, self);
    snprintf(path, sizeof path, "%s/deepstream.sqlite", host.folder);
    assert_int_equal(access(path, F_OK), 0);
    plugin_host_fini(&host);
}

static unsigned mode_of(const struct plugin_host *host, const char *name)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", host->folder, name);
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 0777;
}

static void records_are_for_nobody_but_the_user_of_the_server(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    struct ds_error error;
    mode_t before = umask(0);
    void *self = plugin_host_open(&host, &ds_storage_default, "{\"path\": \"r.db\"}", &error);
    umask(before);
    assert_non_null(self);
    const char *const files[] = {"r.db", "r.db-lock"}; /* SQLite makes its others like the first */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_int_equal(mode_of(&host, files[i]), 0600);
    plugin_host_close(&host, &ds_storage_default, self);
    plugin_host_fini(&host);
}

static void files_that_are_not_ours_are_refused(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    write_file(&host, "text",
               "this is a text, and certainly no database of anybody at all, which "
               "is long enough to have a whole header of one hundred bytes");
    assert_refused(&host, "{\"path\": \"text\"}", "/text is not a database");
    run_sql(&host, "other", "CREATE TABLE t (a)");
    assert_refused(&host, "{\"path\": \"other\"}", "/other is a database of another program");

    struct ds_error error;
    void *self = plugin_host_open(&host, &ds_storage_default, "{\"path\": \"newer\"}", &error);
    assert_non_null(self);
    plugin_host_close(&host, &ds_storage_default, self);
    run_sql(&host, "newer", "PRAGMA user_version = 2");
    assert_refused(&host, "{\"path\": \"newer\"}",
                   "/newer was written by another version of this server");
    plugin_host_fini(&host);
}

static void paths_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    write_file(&host, "file", "x");
    char folder[128];
    snprintf(folder, sizeof folder, "%s/folder", host.folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_refused(&host, "{\"path\": \"file/below\"}", "Not a directory");
    assert_refused(&host, "{\"path\": \"folder\"}", "/folder cannot be opened");
    assert_refused(&host, "{\"path\": \"/proc/nothing/here\"}", "/proc/nothing/here cannot be");
    if (geteuid() != 0) { /* nothing is unwritable for root */
        assert_int_equal(chmod(folder, 0555), 0);
        assert_refused(&host, "{\"path\": \"folder/r.db\"}", "Permission denied");
    }
    plugin_host_fini(&host);
}

static void a_second_server_on_the_same_file_is_refused(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    struct ds_error error;
    void *first = plugin_host_open(&host, &ds_storage_default, "{\"path\": \"r.db\"}", &error);
    assert_non_null(first);
    assert_refused(&host, "{\"path\": \"r.db\"}",
                   "/r.db is in use by another server; give each its own storage.path");
    plugin_host_close(&host, &ds_storage_default, first);
    first = plugin_host_open(&host, &ds_storage_default, "{\"path\": \"r.db\"}", &error);
    assert_non_null(first);
    plugin_host_close(&host, &ds_storage_default, first);
    plugin_host_fini(&host);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    assert_refused(&host, "{\"path\": 3}", "path must be the path of a file");
    assert_refused(&host, "{\"path\": \"\"}", "path must be the path of a file");
    assert_refused(&host, "{\"synchronous\": \"often\"}",
                   "synchronous must be full, normal or off");
    assert_refused(&host, "{\"synchronous\": true}", "synchronous must be full, normal or off");
    assert_refused(&host, "{\"maxQueueBytes\": 10}", "maxQueueBytes must be a number of bytes");
    assert_refused(&host, "{\"maxQueueBytes\": \"x\"}", "maxQueueBytes must be a number of bytes");
    plugin_host_fini(&host);
}

static void it_may_be_closed_before_it_was_started(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    struct ds_error error;
    void *self = ds_storage_default.create(&host.services, NULL, &error);
    assert_non_null(self);
    plugin_host_close(&host, &ds_storage_default, self);
    plugin_host_fini(&host);
}

static void ignore_start(void *context, const char *error)
{
    (void)error;
    *(bool *)context = true;
}

static void it_may_be_closed_while_it_opens(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    struct ds_error error;
    bool has_answered = false;
    void *self = ds_storage_default.create(&host.services, NULL, &error);
    ds_storage_default.start(self, ignore_start, &has_answered);
    plugin_host_close(&host, &ds_storage_default, self);
    assert_true(has_answered);
    plugin_host_fini(&host);
}

int main(void)
{
    struct store_subject subject = {.plugin = &ds_storage_default,
                                    .options_json = "{\"path\": \"test.sqlite\"}"};
    struct store_subject bounded = {.plugin = &ds_storage_default,
                                    .options_json = "{\"maxQueueBytes\": 1048576}"};
#define TEST(name, subject)                                                                        \
    cmocka_unit_test_prestate_setup_teardown(name, store_fixture_setup, store_fixture_teardown,    \
                                             subject)
    const struct CMUnitTest tests[] = {
        TEST(one_write_that_the_disk_cannot_take_does_not_fail_the_others, &subject),
        TEST(when_the_disk_takes_nothing_reads_go_on_and_writes_work_again_later, &subject),
        TEST(a_lock_of_another_program_fails_writes_but_not_reads, &subject),
        TEST(nothing_is_written_into_a_file_that_is_gone, &subject),
        TEST(nothing_is_written_into_a_log_that_is_gone, &subject),
        TEST(others_may_read_the_file_meanwhile, &subject),
        TEST(a_file_that_was_damaged_gives_an_error, &subject),
        TEST(a_full_queue_refuses_and_has_room_again_later, &bounded),
        TEST(a_write_larger_than_the_queue_goes_alone, &bounded),
        cmocka_unit_test(the_file_and_its_folder_are_made),
        cmocka_unit_test(records_are_for_nobody_but_the_user_of_the_server),
        cmocka_unit_test(files_that_are_not_ours_are_refused),
        cmocka_unit_test(paths_that_cannot_be_written_are_refused),
        cmocka_unit_test(a_second_server_on_the_same_file_is_refused),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(it_may_be_closed_before_it_was_started),
        cmocka_unit_test(it_may_be_closed_while_it_opens),
    };
#undef TEST
    int failed = storage_contract_run(&(struct store_subject){
        .plugin = &ds_storage_default, .options_json = "{\"path\": \"contract.sqlite\"}"});
    failed += storage_contract_run(&(struct store_subject){
        .plugin = &ds_storage_default, .options_json = "{\"synchronous\": \"normal\"}"});
    return failed + cmocka_run_group_tests_name("the file of the storage", tests, NULL, NULL);
}
