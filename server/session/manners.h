#pragma once
/* How sessions begin and stay alive, by protocol (protocol.md 3.1, 3.2, 3.4). */

#include "session/session.h"

struct manners {
    enum session_state first_state;
    bool server_pings; /* the server speaks first, ACCEPT and PING, and pings in every interval */
};

const struct manners *manners_of(enum protocol protocol);
