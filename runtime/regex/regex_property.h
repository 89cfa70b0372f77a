#pragma once
/* \p{name} and \p{name=value}: which characters have a property of Unicode. */

#include "base/slice.h"
#include "regex/regex_set.h"

/* Adds the code points of the property; value is empty without `=`. False when JavaScript knows no
 * such property. Names must be spelt exactly. */
bool regex_property_add(slice name, slice value, struct set_builder *builder);

/* Whether JavaScript knows the property and the libraries here do not. */
bool regex_property_is_unsupported(slice name);
