#pragma once
/* Which of the 16384 slots of a Redis Cluster a key belongs to: CRC16 of the key, or of what stands
 * between its first braces (Redis Cluster specification, "Hash tags"). */

#include "base/slice.h"

#define REDIS_SLOTS 16384

uint16_t redis_slot(slice key);
