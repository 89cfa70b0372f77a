#pragma once
/* Talks to MongoDB: what a blocking store needs, by libmongoc. A write is one update that looks at
 * the version which is stored, so it is atomic at the server. */

#include "shared/blocking_store.h"

/* Its `shared` is a struct mongodb_settings. */
extern const struct blocking_backend mongodb_backend;
