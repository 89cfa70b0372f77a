#pragma once
/* What the files of listening share. Private to listen.c and this folder.
 *
 *   listen.c      messages of clients, what the cluster's sets and the bus say
 *   pattern.c     one pattern: its expression, who listens with it
 *   scan.c        going through all names, in slices
 *   search.c      one name that wants a provider: whom to ask next
 *   provision.c   one name that has its provider here
 *   elsewhere.c   which other nodes may have a provider */

#include "handlers/chance.h"
#include "handlers/listen.h"

#include "base/buf.h"
#include "base/hashmap.h"

/* The same actions of both topics. */
struct listen_actions {
    uint16_t listen, unlisten, accept, reject;
    uint16_t pattern_found, pattern_removed;
    uint16_t has_provider, has_no_provider; /* 0: nobody is told */
    uint16_t invalid_regex, response_timeout, unsuccessful, multiple;
    enum session_slot slot;
    uint8_t names, patterns, published; /* of enum state_set */
};

struct scans {
    struct list_link queue; /* the first one is under way */
    struct buf names;       /* a copy of all subscribed ones, for those up to `covered` */
    size_t position;        /* in it, of the first one */
    uint64_t made, covered; /* numbers of scans */
    bool has_one_for_all;
    uv_idle_t slices; /* active while there are any */
};

struct listen {
    const struct handler_services *services;
    enum topic topic;
    const struct listen_actions *actions;
    struct listen_settings settings;
    struct subscriptions *subscriptions; /* to names; the handler's */
    struct subscriptions *listeners;     /* to patterns */
    struct hashmap patterns;             /* text -> struct pattern */
    struct list_link in_order;           /* the patterns, oldest first */
    struct hashmap searches;             /* name -> struct search */
    struct hashmap provisions;           /* name -> struct provision */
    struct hashmap
        failures; /* name -> struct failure: searches that found nobody, with their time */
    struct scans scans;
    uint64_t spent_steps; /* of expressions, and what else scans count as such */
    struct arena arena;   /* of one match */
    struct chance chance;
    struct subscription_watcher subscription_watcher, listener_watcher;
    struct ds_state_watcher names_watcher, published_watcher;
    uv_timer_t rematch;
    unsigned open_handles;
};

/* Whether somebody in the cluster provides name. */
bool listen_is_published(const struct listen *listen, slice name);

/* A message of this topic about a pattern and a name, or about the name alone. */
void listen_tell(const struct listen *listen, struct session *session, uint16_t action,
                 const slice *pattern, slice name);

/* Of LISTEN and UNLISTEN. */
void listen_acknowledge(struct session *session, const struct message *request);

/* ---- pattern.c ---- */

struct pattern {
    struct regex *regex;
    uint32_t references; /* the listen's own while somebody listens with it, those of searches */
    uint32_t strikes;    /* matches that were too costly; after some it matches nothing */
    struct list_link in_order;
    struct list_link provisions; /* that were accepted with it */
    struct list_link asked;      /* searches whose present candidate listens with it */
    struct list_link scans;
    slice text;
};

/* The pattern of this text, made if need be; NULL when it is no expression. */
struct pattern *pattern_get(struct listen *listen, slice text);
struct pattern *pattern_find(const struct listen *listen, slice text);

/* Forgets it if nobody listens with it. Searches may keep it a while. */
void pattern_tidy(struct listen *listen, struct pattern *pattern);
void pattern_release(struct pattern **pattern);

bool pattern_matches(struct listen *listen, struct pattern *pattern, slice name);

/* ---- scan.c ---- */

void scans_init(struct listen *listen);
void scans_free(struct listen *listen); /* its handle is closed by the caller */

/* Offers a new listener what is subscribed and not provided, then acknowledges its request; perhaps
 * before this returns. */
void scan_for_listener(struct listen *listen, struct pattern *pattern, struct session *session,
                       const struct message *request);

/* The session does not listen with the pattern any more: it gets its acknowledgement now. */
void scan_cancel(struct listen *listen, struct pattern *pattern, const struct session *session);

/* Looks for providers of all names that have none; once, however often it is called meanwhile. */
void scan_for_all(struct listen *listen);

/* ---- search.c ---- */

/* Begins to look for a provider unless there is one, somebody is looking already, or nobody
 * listens. */
void search_start(struct listen *listen, slice name);

/* A new listener for a name that matches: the running search asks it too, or one begins. */
void search_add(struct listen *listen, slice name, struct pattern *pattern,
                struct session *session);

/* Nobody subscribes to the name any more. */
void search_cancel(struct listen *listen, slice name);

/* The session does not listen with the pattern any more: whatever it was asked, others are. */
void search_forget(struct pattern *pattern, const struct session *session);

/* An answer; nothing happens when this session was not asked for this. */
void search_answer(struct listen *listen, struct session *session, const struct message *message);

/* Another node found nobody. */
void search_after_failure_elsewhere(struct listen *listen, slice name);

void searches_free(struct listen *listen);

/* ---- elsewhere.c ---- */

/* Other nodes may look for a provider of the name now. */
void listen_tell_of_failure(struct listen *listen, slice name);

/* ---- provision.c ---- */

void provision_make(struct listen *listen, slice name, struct pattern *pattern,
                    struct session *session);

/* Nobody subscribes to the name any more: tells its provider. */
void provision_cancel(struct listen *listen, slice name);

/* If another node provides the name too, the node whose server name comes first goes on, the other
 * tells its provider to stop. */
void provision_yield(struct listen *listen, slice name);

/* The session does not listen with the pattern any more: what it provided is without provider. */
void provision_forget(struct listen *listen, struct pattern *pattern,
                      const struct session *session);

void provisions_free(struct listen *listen);
