#include "plugins/cluster_registry/members.h"

#include "base/check.h"

static struct member *add(struct members *members, slice name, double score)
{
    struct member *member = malloc(sizeof *member + name.length);
    CHECK(member != NULL);
    *member = (struct member){.score = score, .previous = -1, .length = name.length};
    if (name.length > 0)
        memcpy(member->name, name.at, name.length);
    hashmap_put(&members->by_name, member_name(member), member);
    return member;
}

void members_init(struct members *members, slice own_name, double own_score)
{
    hashmap_init(&members->by_name);
    members->self = add(members, own_name, own_score);
}

void members_fini(struct members *members)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&members->by_name, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&members->by_name);
}

/* Of a name that is known, with a score that is not its own. Two that live at a time say so in
 * turns. */
static enum member_news replace(struct member *member, double score)
{
    bool is_back = score == member->previous;
    member->previous = member->score;
    member->score = score;
    return is_back ? MEMBER_TWICE : MEMBER_RESTARTED;
}

enum member_news members_see(struct members *members, slice name, double score, uint64_t now_ms)
{
    struct member *member = hashmap_find(&members->by_name, name);
    if (member != NULL && member == members->self)
        return score == member->score ? MEMBER_KNOWN : MEMBER_TWICE;
    if (member == NULL && members->by_name.count >= MOST_MEMBERS)
        return MEMBER_TOO_MANY;
    enum member_news news = MEMBER_KNOWN;
    if (member == NULL) {
        member = add(members, name, score);
        news = MEMBER_NEW;
    } else if (score != member->score) {
        news = replace(member, score);
    }
    member->seen_ms = now_ms;
    return news;
}

bool members_remove(struct members *members, slice name)
{
    struct member *member = hashmap_find(&members->by_name, name);
    if (member == NULL || member == members->self)
        return false;
    hashmap_remove(&members->by_name, name);
    free(member);
    return true;
}

const struct member *members_find_silent(const struct members *members, uint64_t now_ms,
                                         uint64_t timeout_ms)
{
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&members->by_name, &position)) != NULL;) {
        const struct member *member = at->value;
        if (member != members->self && now_ms - member->seen_ms > timeout_ms)
            return member;
    }
    return NULL;
}

void members_refresh(struct members *members, uint64_t now_ms)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&members->by_name, &position)) != NULL;)
        ((struct member *)at->value)->seen_ms = now_ms;
}

static bool is_greater(slice a, slice b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.at, b.at, shorter);
    return order != 0 ? order > 0 : a.length > b.length;
}

const struct member *members_leader(const struct members *members)
{
    const struct member *leader = members->self;
    size_t position = 0;
    for (const struct hashmap_entry *at;
         (at = hashmap_next(&members->by_name, &position)) != NULL;) {
        const struct member *member = at->value;
        if (member->score > leader->score || (member->score == leader->score &&
                                              is_greater(member_name(member), member_name(leader))))
            leader = member;
    }
    return leader;
}
