#pragma once
/* What a client sent to log in, as its members. */

#include "value.h"

struct login_data {
    struct arena arena;
    const struct value_object *object; /* NULL: it was a list, or no JSON */
};

/* auth_data must live as long as what is read of it. Call login_data_fini in any case. */
void login_data_read(struct login_data *data, slice auth_data);
void login_data_fini(struct login_data *data);

/* The member when it is a text. */
bool login_data_text(const struct login_data *data, slice key, slice *text);
