#pragma once
/* Items of an HTTP batch, and what becomes of them (protocol.md 6.3): JSON <-> messages. Pure. */

#include "message/codec.h"
#include "value.h"

/* Reads one item of a batch. Texts of the message are those of the item, or of arena. Returns false
 * when it fits no form of jif_forms.def, or arena is exhausted; reason gets what the original says
 * about it, which is nothing for some faults. */
bool jif_decode(valve_value item, struct arena *arena, struct message *message, struct buf *reason);

/* Appends the item that a message to a client is in the answer; nothing when it does not end what
 * was asked for. */
void jif_encode(const struct message *message, struct buf *out);

/* The member errorEvent is a number where the original has one (F15); names stand in the texts. */
extern const struct codec jif_codec; /* its items are decoded by what carries them */
