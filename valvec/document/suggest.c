/* Distance by insertions, deletions, replacements and exchanges of neighbours; letters that differ
 * in case only cost nothing, so that `tolowercase` is `toLowerCase`. Words are short, so a table of
 * three rows on the C stack does. */

#include "document/suggest.h"

#define MAX_WORD_BYTES 64

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance_between(slice a, slice b)
{
    unsigned rows[3][MAX_WORD_BYTES + 1];
    for (unsigned j = 0; j <= b.length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.length; i++) {
        unsigned *now = rows[i % 3], *before = rows[(i - 1) % 3];
        const unsigned *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= b.length; j++) {
            bool same = to_lower(a.at[i - 1]) == to_lower(b.at[j - 1]);
            now[j] = least(least(now[j - 1], before[j]) + 1, before[j - 1] + !same);
            bool exchanged = i > 1 && j > 1 && to_lower(a.at[i - 1]) == to_lower(b.at[j - 2]) &&
                             to_lower(a.at[i - 2]) == to_lower(b.at[j - 1]);
            if (exchanged)
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return rows[a.length % 3][b.length];
}

struct suggestion suggestion_for(slice wanted)
{
    unsigned tolerance = wanted.length <= 2 ? 1 : wanted.length <= 5 ? 2 : 3;
    return (struct suggestion){.wanted = wanted, .distance = tolerance};
}

void suggestion_consider(struct suggestion *suggestion, slice candidate)
{
    if (suggestion->wanted.length > MAX_WORD_BYTES || candidate.length > MAX_WORD_BYTES)
        return;
    unsigned distance = distance_between(suggestion->wanted, candidate);
    if (distance < suggestion->distance) {
        suggestion->distance = distance;
        suggestion->best = candidate;
    }
}
