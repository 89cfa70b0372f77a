#pragma once
/* The key set behind a URL: fetched when it is first needed, kept, fetched again when it is old or
 * when a token names a key that is not in it. Not too often: tokens are made by strangers. */

#include "plugins/authentication/key_set.h"

#include "deepstream/plugin.h"

struct key_source;

struct key_source_settings {
    const char *url; /* borrowed */
    uint32_t timeout_ms;
    uint32_t max_age_ms;  /* older keys are fetched again; kept all the same while that fails */
    uint32_t cooldown_ms; /* at least so long between two requests */
};

enum key_answer { KEY_FOUND, KEY_UNKNOWN, KEY_IS_ASKED_FOR };

/* on_fetched: what was asked for has come, or has failed to. services and context are borrowed.
 * NULL, and why in *problem, when nothing can be fetched here. */
struct key_source *key_source_new(const struct ds_services *services,
                                  const struct key_source_settings *settings,
                                  void (*on_fetched)(void *context), void *context,
                                  const char **problem);

/* The key for a token. When it is asked for, which may_fetch allows, come again at on_fetched. key
 * lives until control goes back to the loop. */
enum key_answer key_source_find(struct key_source *source, const struct token *token,
                                bool may_fetch, const struct token_key **key);

/* closed comes when nothing of it is left; on_fetched does not any more. */
void key_source_close(struct key_source **source, void (*closed)(void *context), void *context);
