#include "regex/regex_property.h"

bool regex_property_add(slice name, slice value, struct set_builder *builder)
{
    (void)name;
    (void)value;
    (void)builder;
    return false;
}
