#include "plugins/authentication/password_queue.h"

#include "base/check.h"
#include "deepstream/plugin.h"

#include <openssl/crypto.h>
#include <uv.h>

#define MOST_WORKERS 2
#define NOBODYS_SALT SLICE("0000000000000000")

struct job {
    struct list_link link;
    uv_work_t work;
    struct password_queue *queue;
    struct password_asker asker;
    bool is_new; /* a hash is made, not checked */
    bool ok;
    slice password; /* both behind this struct */
    slice stored;
    struct buf hash;
    password_done *done;
    void *context;
};

struct password_asker password_asker_of(const struct ds_login *login)
{
    return (struct password_asker){login->is_wanted, login->wanted_context};
}

/* One processor is for the loop, when there are several. */
static unsigned worker_count(void)
{
    unsigned processors = uv_available_parallelism();
    unsigned spare = processors > 1 ? processors - 1 : 1;
    return spare < MOST_WORKERS ? spare : MOST_WORKERS;
}

void password_queue_init(struct password_queue *queue, struct uv_loop_s *loop)
{
    *queue = (struct password_queue){.loop = loop, .workers = worker_count()};
    list_init(&queue->waiting);
}

bool password_queue_is_idle(const struct password_queue *queue)
{
    return queue->running == 0 && list_is_empty(&queue->waiting);
}

static void make_hash(struct job *job)
{
    char salt[PASSWORD_SALT_LENGTH + 1];
    password_salt(salt);
    job->ok = password_hash(&job->queue->method, job->password, slice_of(salt), &job->hash);
}

static void check_nobody(struct job *job)
{
    password_hash(&job->queue->method, job->password, NOBODYS_SALT, &job->hash);
    buf_clear(&job->hash);
}

static void compute(uv_work_t *work)
{
    struct job *job = work->data;
    if (job->is_new)
        make_hash(job);
    else if (job->stored.length == 0)
        check_nobody(job);
    else
        job->ok = password_matches(&job->queue->method, job->password, job->stored);
}

static void start_workers(struct password_queue *queue);

static void answer(struct job *job)
{
    OPENSSL_cleanse(job + 1, job->password.length + job->stored.length);
    job->done(job->context, job->ok, buf_slice(&job->hash)); /* the queue may be gone now */
    buf_fini(&job->hash);
    free(job);
}

static void on_computed(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct password_queue *queue = job->queue;
    CHECK(status == 0); /* nothing is cancelled */
    queue->running--;
    start_workers(queue);
    answer(job);
}

/* Some run while others wait, so that the owner is still needed after the last of these. */
void password_queue_refuse_waiting(struct password_queue *queue)
{
    while (!list_is_empty(&queue->waiting)) {
        struct job *job = LIST_ITEM(queue->waiting.next, struct job, link);
        list_remove(&job->link);
        answer(job);
    }
}

static bool is_wanted(const struct job *job)
{
    return job->asker.is_wanted == NULL || job->asker.is_wanted(job->asker.context);
}

static void start_workers(struct password_queue *queue)
{
    while (queue->running < queue->workers && !list_is_empty(&queue->waiting)) {
        struct job *job = LIST_ITEM(queue->waiting.next, struct job, link);
        list_remove(&job->link);
        if (!is_wanted(job)) {
            answer(job);
            continue;
        }
        queue->running++;
        CHECK(uv_queue_work(queue->loop, &job->work, compute, on_computed) == 0);
    }
}

static slice append(char *at, slice text)
{
    if (text.length > 0)
        memcpy(at, text.at, text.length);
    return (slice){at, text.length};
}

static void add(struct password_queue *queue, struct password_asker asker, bool is_new,
                slice password, slice stored, password_done *done, void *context)
{
    struct job *job = malloc(sizeof *job + password.length + stored.length);
    CHECK(job != NULL);
    char *texts = (char *)(job + 1);
    *job = (struct job){
        .queue = queue,
        .asker = asker,
        .is_new = is_new,
        .password = append(texts, password),
        .stored = append(texts + password.length, stored),
        .done = done,
        .context = context,
    };
    job->work.data = job;
    list_append(&queue->waiting, &job->link);
    start_workers(queue);
}

void password_queue_check(struct password_queue *queue, struct password_asker asker, slice password,
                          slice stored, password_done *done, void *context)
{
    add(queue, asker, false, password, stored, done, context);
}

void password_queue_make(struct password_queue *queue, struct password_asker asker, slice password,
                         password_done *done, void *context)
{
    add(queue, asker, true, password, (slice){0}, done, context);
}
