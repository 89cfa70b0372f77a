/* The option `ssl`: its members as a table, and the texts behind them. */

#include "internal.h"

const struct ssl_info *ssl_info(enum config_ssl member)
{
    static const struct ssl_info TABLE[] = {
#define SSL(name, key, content, choices, help) {key, SSL_##content, choices, help},
#include "ssl.def"
#undef SSL
    };
    return &TABLE[member];
}

const struct ds_value *config_ssl_value(const struct ds_value *ssl, enum config_ssl member)
{
    const struct ds_value *value = ds_value_member(ssl, ssl_info(member)->key);
    return ds_value_kind(value) == DS_VALUE_NULL ? NULL : value;
}

const char *config_ssl_key(enum config_ssl member)
{
    return ssl_info(member)->key;
}

bool text_holds(slice text, const char *part)
{
    slice wanted = slice_of(part);
    for (size_t i = 0; i + wanted.length <= text.length; i++) {
        if (memcmp(text.at + i, wanted.at, wanted.length) == 0)
            return true;
    }
    return false;
}

/* What fileLoad() has loaded, or what was written into the configuration, is PEM and no path. */
const char *config_ssl_text(const char *config_dir, const struct ds_value *ssl,
                            enum config_ssl member, slice *text)
{
    const struct ds_value *value = config_ssl_value(ssl, member);
    *text = ds_value_text(value, (slice){0});
    bool is_path = ssl_info(member)->content == SSL_FILE && text->length > 0 &&
                   !text_holds(*text, "-----BEGIN") && ds_value_file(value).length == 0;
    if (!is_path)
        return NULL;
    slice path = path_below(slice_of(config_dir), *text, value->arena);
    return path_read_file(path.at, value->arena, text);
}
