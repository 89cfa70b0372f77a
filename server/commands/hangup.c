#include "hangup.h"

#include "base/check.h"

#include <pthread.h>
#include <signal.h>

static void change_mask(int how)
{
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    CHECK(pthread_sigmask(how, &hangup, NULL) == 0);
}

void hangup_hold(void)
{
    change_mask(SIG_BLOCK);
}

void hangup_let_come(void)
{
    change_mask(SIG_UNBLOCK);
}
