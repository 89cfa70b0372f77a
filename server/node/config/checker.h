#pragma once
/* A walk through what is given: where it is, and what is said of what is wrong there. */

#include "internal.h"

#include "document/suggest.h"

#define CHECKER_MAX_POINTER_BYTES 512
#define CHECKER_MAX_MEMBERS 1000 /* of a map of options, or of a list of plugins */

struct checker {
    struct config *config;
    char pointer[CHECKER_MAX_POINTER_BYTES]; /* of the value that is looked at: "/rpc/ackTimeout" */
    size_t length;
};

#define CHECKER_POINTER(checker) (int)(checker)->length, (checker)->pointer

/* ---- checker.c ---- */

/* Steps into a member; what is returned leads out again. */
size_t checker_enter(struct checker *checker, slice key);
size_t checker_enter_index(struct checker *checker, size_t index);
void checker_leave(struct checker *checker, size_t before);

void checker_refuse(struct checker *checker, const struct ds_value *value, const char *what,
                    const char *wanted);
void checker_refuse_bound(struct checker *checker, const struct ds_value *value, const char *what,
                          const char *sign, double bound);

/* A key that nothing has; best, unless it is empty, is what may have been meant. */
void checker_unexpected(struct checker *checker, slice key, const struct ds_value *value,
                        enum ds_log_level level, slice best);

/* Adds it to the latest problem, unless best is empty. */
void checker_did_you_mean(struct checker *checker, slice best);

/* The word that is most like it; empty: none is. */
slice checker_nearest(slice words, slice word);

/* ---- check_value.c ---- */

void check_option(struct checker *checker, const struct setting_member *member,
                  enum config_option option);
void check_text(struct checker *checker, const struct ds_value *value,
                const struct option_info *info);
bool check_kind(struct checker *checker, const struct ds_value *value, enum ds_value_kind kind,
                const char *wanted);
bool check_map(struct checker *checker, const struct ds_value *value, const char *wanted);
void check_choice(struct checker *checker, const struct ds_value *value, slice words);

/* ---- check_plugin.c ---- */

void check_plugins(struct checker *checker, const struct ds_value *value,
                   enum config_plugin_kind kind);
