#pragma once
/* libcurl, loaded when somebody needs it. It brings some thirty libraries with it, whose loading
 * costs more than the whole start of a server; so the program is not linked with it. */

#include <curl/curl.h>

#include <stdbool.h>

struct curl_library {
    void *handle;
#define SYMBOL(name) __typeof__(curl_##name) *name;
#include "web/curl_symbols.def"
#undef SYMBOL
};

/* Loads and initialises it. Returns NULL, or why it cannot be had; the text lives until the next
 * call of dlopen(). */
const char *curl_library_open(struct curl_library *library);
void curl_library_close(struct curl_library *library);
