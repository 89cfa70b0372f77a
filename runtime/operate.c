/* The binary operators. Arrays and objects take part in them as their texts. */

#include "convert.h"

#include "text.h"

#include <math.h>

static bool is_container(valve_value v)
{
    return v.type >= VALUE_ARRAY;
}

static bool to_primitive(struct evaluation *evaluation, valve_value v, valve_value *primitive)
{
    if (is_container(v))
        return convert_to_text(evaluation, v, primitive);
    *primitive = v;
    return true;
}

static bool same_text(valve_value a, valve_value b)
{
    return slice_equal(value_slice(a), value_slice(b));
}

bool operate_strict_equal(valve_value a, valve_value b)
{
    if (a.type != b.type)
        return false;
    switch ((enum value_type)a.type) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        return true;
    case VALUE_BOOLEAN:
        return a.as.boolean == b.as.boolean;
    case VALUE_NUMBER:
        return a.as.number == b.as.number;
    case VALUE_TEXT:
        return same_text(a, b);
    case VALUE_ARRAY:
        return a.as.array == b.as.array;
    case VALUE_OBJECT:
        return a.as.object == b.as.object;
    case VALUE_MATCH:
        return a.as.match == b.as.match;
    }
    return false;
}

static bool equal_as_numbers(struct evaluation *evaluation, valve_value a, valve_value b,
                             bool *equal)
{
    double x, y;
    if (!convert_to_number(evaluation, a, &x) || !convert_to_number(evaluation, b, &y))
        return false;
    *equal = x == y;
    return true;
}

bool operate_loose_equal(struct evaluation *evaluation, valve_value a, valve_value b, bool *equal)
{
    bool both_containers = is_container(a) && is_container(b);
    if (both_containers || value_is_absent(a) || value_is_absent(b)) {
        *equal =
            both_containers ? operate_strict_equal(a, b) : value_is_absent(a) && value_is_absent(b);
        return true;
    }
    valve_value x, y;
    if (!to_primitive(evaluation, a, &x) || !to_primitive(evaluation, b, &y))
        return false;
    if (x.type != y.type)
        return equal_as_numbers(evaluation, x, y, equal);
    *equal = operate_strict_equal(x, y);
    return x.type != VALUE_TEXT || x.length != y.length || text_spend(evaluation, x.length);
}

static bool compare_as_texts(struct evaluation *evaluation, valve_value a, valve_value b,
                             int *order)
{
    if (!text_spend(evaluation, a.length < b.length ? a.length : b.length))
        return false;
    *order = text_compare(a, b);
    return true;
}

static bool holds_for_order(enum comparison comparison, int order)
{
    switch (comparison) {
    case COMPARE_LESS:
        return order < 0;
    case COMPARE_LESS_EQUAL:
        return order <= 0;
    case COMPARE_GREATER:
        return order > 0;
    case COMPARE_GREATER_EQUAL:
        return order >= 0;
    }
    return false;
}

bool operate_compare(struct evaluation *evaluation, enum comparison comparison, valve_value a,
                     valve_value b, bool *holds)
{
    valve_value x, y;
    if (!to_primitive(evaluation, a, &x) || !to_primitive(evaluation, b, &y))
        return false;
    int order;
    if (x.type == VALUE_TEXT && y.type == VALUE_TEXT) {
        if (!compare_as_texts(evaluation, x, y, &order))
            return false;
        *holds = holds_for_order(comparison, order);
        return true;
    }
    double p, q;
    if (!convert_to_number(evaluation, x, &p) || !convert_to_number(evaluation, y, &q))
        return false;
    order = (p > q) - (p < q);
    *holds = !isnan(p) && !isnan(q) && holds_for_order(comparison, order);
    return true;
}

bool operate_add(struct evaluation *evaluation, valve_value a, valve_value b, valve_value *sum)
{
    valve_value sides[2];
    if (!to_primitive(evaluation, a, &sides[0]) || !to_primitive(evaluation, b, &sides[1]))
        return false;
    if (sides[0].type == VALUE_TEXT || sides[1].type == VALUE_TEXT)
        return operate_join(evaluation, sides, 2, sum);
    double x, y;
    if (!convert_to_number(evaluation, sides[0], &x) ||
        !convert_to_number(evaluation, sides[1], &y))
        return false;
    *sum = value_number(x + y);
    return true;
}

double operate_power(double a, double b)
{
    if (isnan(b) || (fabs(a) == 1 && isinf(b)))
        return NAN;
    return pow(a, b);
}
