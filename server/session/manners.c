#include "session/manners.h"

const struct manners *manners_of(enum protocol protocol)
{
    static const struct manners list[PROTOCOL_COUNT] = {
        [PROTOCOL_BINARY] = {.first_state = SESSION_CHALLENGING},
        [PROTOCOL_JSON] = {.first_state = SESSION_CHALLENGING},
        [PROTOCOL_TEXT] = {.first_state = SESSION_AWAITING_LOGIN, .server_pings = true},
        [PROTOCOL_MQTT] = {.first_state = SESSION_AWAITING_LOGIN},
        [PROTOCOL_HTTP] = {.first_state = SESSION_AWAITING_LOGIN},
    };
    return &list[protocol];
}
