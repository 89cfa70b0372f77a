#pragma once
/* Plugins that decide who may do what. */

#include "deepstream/plugin/common.h"

enum ds_payload {
    DS_PAYLOAD_NONE,
    DS_PAYLOAD_JSON, /* data is JSON text, or not: the plugin finds out when it reads it */
    DS_PAYLOAD_TEXT, /* data is that text itself */
};

struct ds_permission_request {
    uint8_t topic;   /* number of protocol.md 2.3: 4 event, 5 record, 6 rpc, 7 presence */
    uint16_t action; /* number of protocol.md 2.5, normalised as valve.md 3.4 demands */
    bool has_name;   /* false: the question is about everybody (presence) */
    ds_slice name;
    void *user; /* what user_new made for the login */
    enum ds_payload payload;
    ds_slice data;
    const struct ds_record *record; /* the record called name as it is now; NULL: not known here */
};

enum ds_verdict { DS_ALLOW, DS_DENY, DS_UNDECIDED /* an error: counts as denied */ };

typedef void ds_verdict_done(void *context, enum ds_verdict verdict);

struct ds_permission_operations {
    /* Prepares a user, once per login; NULL when server_data is not JSON, which refuses the login.
     * is_authenticated is false for whom no authentication named. */
    void *(*user_new)(void *self, ds_slice id, bool is_authenticated, ds_slice server_data);
    void (*user_free)(void *self, void *user);

    /* Decides. Exactly one verdict. Records that it needs are read through services->read_record.
     * The user stays valid until done, also when its connection ends meanwhile. */
    void (*check)(void *self, const struct ds_permission_request *request, ds_verdict_done *done,
                  void *context);

    /* Reads its rules again: all or nothing. Returns false and fills error when the new ones are
     * not fit; the old ones stay. NULL when there is nothing to read. */
    bool (*reload)(void *self, struct ds_error *error);

    /* Which rules decide about an action, for who counts decisions: "record" and "write". Constants
     * of the plugin. NULL when it has no such names; false for an action that no rule is about. */
    bool (*rule)(void *self, uint8_t topic, uint16_t action, const char **section,
                 const char **type);
};
