#pragma once
/* Numbers of the state registries' messages (server.md 10). */

enum { TOPIC_STATE_REGISTRY = 11 };

enum state_action {
    STATE_ADD = 2,
    STATE_REMOVE = 3,
    STATE_REQUEST_FULL = 4,
    STATE_FULL = 5,
    STATE_CHECKSUM = 6,
};

/* The sets that nodes ask each other for. */
enum { FIRST_SET = 10, LAST_SET = 19 };
