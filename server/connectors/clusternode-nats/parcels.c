#include "parcels.h"

#include "base/check.h"

#define MOST_BYTES ((size_t)64 << 20)

struct parcel *parcel_new(slice subject, uint8_t topic, slice text)
{
    struct parcel *parcel = malloc(sizeof *parcel + subject.length + text.length);
    CHECK(parcel != NULL);
    *parcel = (struct parcel){.topic = topic};
    if (subject.length > 0) {
        memcpy(parcel->bytes, subject.at, subject.length);
        parcel->subject = parcel->bytes;
    }
    if (text.length > 0)
        memcpy(parcel->bytes + subject.length, text.at, text.length);
    parcel->text = (slice){parcel->bytes + subject.length, text.length};
    return parcel;
}

static bool has_room(const struct parcels *parcels, const struct parcel *parcel)
{
    return parcels->first == NULL || parcel->is_subscription ||
           parcels->bytes + parcel->text.length <= MOST_BYTES;
}

void parcels_put(struct parcels *parcels, struct parcel *parcel)
{
    if (!has_room(parcels, parcel)) {
        parcels->has_lost = true;
        free(parcel);
        return;
    }
    parcel->next = NULL;
    if (parcels->first == NULL)
        parcels->first = parcel;
    else
        parcels->last->next = parcel;
    parcels->last = parcel;
    parcels->bytes += parcel->text.length;
}

struct parcels parcels_take(struct parcels *parcels)
{
    struct parcels taken = *parcels;
    *parcels = (struct parcels){0};
    return taken;
}

void parcels_free(struct parcels *parcels)
{
    for (struct parcel *parcel = parcels->first, *next; parcel != NULL; parcel = next) {
        next = parcel->next;
        free(parcel);
    }
    *parcels = (struct parcels){0};
}
