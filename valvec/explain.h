#pragma once
/* Why a request was decided as it was: which paths competed, the value of every part of the rule
 * that ran, and the parts that decided. Works for compiled programs too, from the source text they
 * keep: the rule is compiled once more without optimisation and watched while it runs. */

#include "decide.h"
#include "load_rules.h"

/* Appends the explanation for people: lines, each ended by a line feed. */
void explain_text(const struct rules *rules, const struct request *request,
                  const struct valve_options *options, bool colour, struct buf *out);

/* Appends it as one JSON object without a line feed. */
void explain_json(const struct rules *rules, const struct request *request,
                  const struct valve_options *options, struct buf *out);
