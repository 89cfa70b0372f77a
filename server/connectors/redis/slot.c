#include "redis/slot.h"

/* CRC-16/XMODEM: polynomial 0x1021, starting at 0. */
static uint16_t crc16(slice bytes)
{
    unsigned crc = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        crc ^= (unsigned)(unsigned char)bytes.at[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
    }
    return (uint16_t)(crc & 0xFFFF);
}

uint16_t redis_slot(slice key)
{
    const char *open = key.length == 0 ? NULL : memchr(key.at, '{', key.length);
    if (open != NULL) {
        size_t start = (size_t)(open - key.at) + 1;
        const char *close = memchr(key.at + start, '}', key.length - start);
        if (close != NULL && close > key.at + start)
            key = slice_part(key, start, (size_t)(close - key.at));
    }
    return crc16(key) % REDIS_SLOTS;
}
