#pragma once
/* How every command of valvec ends. When several apply the largest wins. */

enum exit_code {
    EXIT_FINE = 0,
    EXIT_FINDINGS = 1, /* findings, failed tests, or a request that was not allowed */
    EXIT_USAGE = 2,
    EXIT_INVALID_RULES = 3,
    EXIT_INPUT_OUTPUT = 4,
};

static inline enum exit_code exit_code_worst(enum exit_code a, enum exit_code b)
{
    return a > b ? a : b;
}
