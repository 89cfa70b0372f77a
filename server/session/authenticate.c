/* The entries of `auth`, asked in turn until one of them decides (server.md 6.2). */

#include "session/endpoint.h"

#include "base/check.h"

#include <stdlib.h>

struct inquiry {
    struct authentication asked;
    size_t entry; /* which one is asked now */
};

static void ask(struct inquiry *inquiry);

static void on_answer(void *context, const struct ds_login_result *result)
{
    struct inquiry *inquiry = context;
    const struct authentication *asked = &inquiry->asked;
    if (result->outcome == DS_LOGIN_NOT_MINE && asked->is_wanted(asked->context) &&
        inquiry->entry + 1 < asked->settings->authentication_count) {
        inquiry->entry++;
        ask(inquiry);
        return;
    }
    asked->done(asked->context, result);
    free(inquiry);
}

/* As deep as the list `auth` is long when every entry answers at once. */
static void ask(struct inquiry *inquiry)
{
    const struct authentication *asked = &inquiry->asked;
    const struct session_authentication *entry = &asked->settings->authentications[inquiry->entry];
    struct ds_login login = {.connection_data = asked->connection_data,
                             .auth_data = asked->auth_data,
                             .is_wanted = asked->is_wanted,
                             .wanted_context = asked->context};
    entry->operations->login(entry->self, &login, on_answer, inquiry);
}

void authenticate(const struct authentication *authentication)
{
    static const struct ds_login_result refused = {.outcome = DS_LOGIN_REFUSED};
    if (authentication->settings->authentication_count == 0) {
        authentication->done(authentication->context, &refused); /* nobody vouches for anybody */
        return;
    }
    struct inquiry *inquiry = malloc(sizeof *inquiry);
    CHECK(inquiry != NULL);
    *inquiry = (struct inquiry){.asked = *authentication};
    ask(inquiry);
}
