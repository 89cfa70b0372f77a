#pragma once
/* The built-in plugins of builtins.def. */

#include "deepstream/plugin.h"

#define BUILTIN(symbol) extern const struct ds_plugin symbol;
#include "builtins.def"
#undef BUILTIN
