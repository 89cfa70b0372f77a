#pragma once
/* SIGHUP, which ends a process that does not handle it, while nobody does so yet. */

/* It waits from now on. First thing in a command, before there are threads. */
void hangup_hold(void);

/* It comes now, if it did meanwhile: there is a handler. */
void hangup_let_come(void);
