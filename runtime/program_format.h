#pragma once
/* The file form of a program (.vbc). Integers are little endian, texts are a length and bytes, and
 * nothing is aligned:
 *
 *     header   magic           8 bytes, PROGRAM_MAGIC
 *              format version  u32
 *              zero            u32
 *              body length     u64, exactly what follows the header
 *              checksum        32 bytes, SHA-256 of the body
 *     body     file            text
 *              source hash     32 bytes
 *              constants       u32 count; each u8 1 and the 8 bytes of a double, or u8 2 and a text
 *              regexes         u32 count; each pattern text, flags text
 *              patterns        u32 count; each u8 section, text, u32 line, u32 column
 *              rules           u32 count; each u8 kind, u32 pattern, u32 line, u32 column,
 *                              text source, u32 needs, u32 max_stack,
 *                              u32 count and positions: u32 offset, u32 line, u32 column,
 *                              u32 count and instructions: u32 word, u32 start, u32 end
 *
 * The checksum finds damage. It is no proof of who wrote the file: whoever can write the file can
 * write the checksum, so the reader trusts nothing that the verifier has not proven. */

#include "base/slice.h"

#include <stdint.h>

#define PROGRAM_MAGIC "\x89VBC\r\n\x1a\n"
#define PROGRAM_MAGIC_BYTES 8
#define PROGRAM_FORMAT_VERSION 1
#define PROGRAM_HEADER_BYTES 56
#define PROGRAM_CHECKSUM_OFFSET 24
#define PROGRAM_CHECKSUM_BYTES 32

#define PROGRAM_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define PROGRAM_MAX_ITEMS (1u << 22) /* of one table */
#define PROGRAM_MAX_CODE (1u << 20)  /* instructions of one rule */
#define PROGRAM_MAX_STACK (1u << 16) /* values of one rule */

enum program_constant_tag {
    PROGRAM_CONSTANT_NUMBER = 1,
    PROGRAM_CONSTANT_TEXT = 2,
};

/* Writes the checksum of a body to out. */
void program_checksum(slice body, uint8_t out[PROGRAM_CHECKSUM_BYTES]);
