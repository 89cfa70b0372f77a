#include "web/curl_library.h"

#include <dlfcn.h>
#include <string.h>

#define FILE_NAME "libcurl.so.4"

static bool find(const struct curl_library *library, const char *name, void *function)
{
    void *found = dlsym(library->handle, name);
    memcpy(function, &found, sizeof found); /* ISO C knows no way from data to code */
    return found != NULL;
}

static bool find_all(struct curl_library *library)
{
    bool has_all = true;
#define SYMBOL(name) has_all = has_all && find(library, "curl_" #name, &library->name);
#include "web/curl_symbols.def"
#undef SYMBOL
    return has_all;
}

/* What it has loaded stays loaded: OpenSSL is not made to be taken out again. */
const char *curl_library_open(struct curl_library *library)
{
    *library = (struct curl_library){.handle = dlopen(FILE_NAME, RTLD_NOW | RTLD_NODELETE)};
    if (library->handle == NULL)
        return dlerror();
    if (!find_all(library)) {
        dlclose(library->handle);
        return FILE_NAME " is too old";
    }
    if (library->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) { /* it counts */
        dlclose(library->handle);
        return FILE_NAME " cannot be initialised";
    }
    return NULL;
}

void curl_library_close(struct curl_library *library)
{
    library->global_cleanup();
    dlclose(library->handle);
}
