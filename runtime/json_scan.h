#pragma once
/* JSON text read member by member, without making values of it: for who knows what to expect, or
 * wants a value only as the text that it is. As strict as json_read.
 *
 *     struct json_scan scan;
 *     json_scan_init(&scan, text, &arena);
 *     if (json_scan_enter(&scan, '{'))
 *         while (json_scan_more(&scan, '}') && json_scan_key(&scan, &key))
 *             ... one of json_scan_text, json_scan_value, or json_scan_enter of a list ...
 *     if (!json_scan_end(&scan))
 *         scan.cursor.message tells what is wrong
 *
 * After a failure every function fails. */

#include "json_text.h"

#define JSON_SCAN_MAX_DEPTH 256u

struct json_scan {
    struct json_cursor cursor; /* message: NULL while nothing is wrong */
    bool is_first;             /* no item of the container entered last has been read */
};

/* text is borrowed, and what is read are slices of it, or of arena where escapes were decoded. */
void json_scan_init(struct json_scan *scan, slice text, struct arena *arena);

/* The byte that the next value begins with: '"', '{', '[', '-', a digit, 't', 'f', 'n', or one that
 * begins none; -1 at the end. */
int json_scan_peek(struct json_scan *scan);

/* Moves into the container that begins with open. */
bool json_scan_enter(struct json_scan *scan, char open);

/* Whether another item follows; false moves out of the container, which ends with close. */
bool json_scan_more(struct json_scan *scan, char close);

/* A key and its colon. */
bool json_scan_key(struct json_scan *scan, slice *key);

/* A string. It may hold lone surrogates if it was written with escapes (see json.h). */
bool json_scan_text(struct json_scan *scan, slice *text);

/* Any value, as its text. At most JSON_SCAN_MAX_DEPTH containers in one another. */
bool json_scan_value(struct json_scan *scan, slice *text);

/* Whether all went well, and nothing but white space is left. */
bool json_scan_end(struct json_scan *scan);
