/* Which codec belongs to which protocol. */

#include "message/codec.h"

#include "message/jif.h"

#include "base/check.h"

const struct codec binary_codec = {
    .name = "binary", .is_text = false, .decode = binary_decode_any, .encode = binary_encode};

const struct codec json_codec = {
    .name = "json", .is_text = true, .decode = json_decode, .encode = json_encode};

const struct codec text_codec = {
    .name = "text", .is_text = true, .decode = text_decode, .encode = text_encode};

const struct codec *codec_of(enum protocol protocol)
{
    static const struct codec *const codecs[PROTOCOL_COUNT] = {
        [PROTOCOL_BINARY] = &binary_codec,
        [PROTOCOL_JSON] = &json_codec,
        [PROTOCOL_HTTP] = &jif_codec,
        [PROTOCOL_TEXT] = &text_codec,
        [PROTOCOL_MQTT] = &mqtt_codec,
    };
    CHECK(protocol < PROTOCOL_COUNT && codecs[protocol] != NULL);
    return codecs[protocol];
}
