#include "plugins/authentication/login_data.h"

#include "json.h"

#define MAX_LOGIN_MEMORY ((size_t)64 << 20)
#define MAX_LOGIN_DEPTH 128

void login_data_read(struct login_data *data, slice auth_data)
{
    valve_value value;
    data->object = NULL;
    arena_init(&data->arena, MAX_LOGIN_MEMORY);
    if (json_read(auth_data, (struct json_limits){MAX_LOGIN_DEPTH}, &data->arena, &value, NULL) &&
        value.type == VALUE_OBJECT)
        data->object = value.as.object;
}

void login_data_fini(struct login_data *data)
{
    arena_fini(&data->arena);
}

bool login_data_text(const struct login_data *data, slice key, slice *text)
{
    const valve_value *value = data->object == NULL ? NULL : value_object_find(data->object, key);
    if (value == NULL || value->type != VALUE_TEXT)
        return false;
    *text = value_slice(*value);
    return true;
}
