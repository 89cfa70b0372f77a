/* The table of text_actions.h, made from the list. */

#include "message/text_actions.h"

static const struct text_action actions[] = {
#define TEXT(topic_, action_, letters_, reading_, writing_)                                        \
    {.topic = TOPIC_##topic_,                                                                      \
     .reading = TEXT_##reading_,                                                                   \
     .writing = TEXT_##writing_,                                                                   \
     .action = topic_##_##action_,                                                                 \
     .letters = {letters_, sizeof(letters_) - 1}},
#include "text_actions.def"
#undef TEXT
};

enum { ACTION_LINES = sizeof actions / sizeof actions[0] };

static const char topic_letters[TOPIC_COUNT] = {
    [TOPIC_PARSER] = 'X', [TOPIC_CONNECTION] = 'C', [TOPIC_AUTH] = 'A',     [TOPIC_EVENT] = 'E',
    [TOPIC_RECORD] = 'R', [TOPIC_RPC] = 'P',        [TOPIC_PRESENCE] = 'U',
};

char text_letter_of_topic(unsigned topic)
{
    return topic < TOPIC_COUNT ? topic_letters[topic] : '\0';
}

unsigned text_topic_of_letter(slice letter)
{
    for (unsigned topic = 1; topic < TOPIC_COUNT && letter.length == 1; topic++)
        if (topic_letters[topic] == letter.at[0])
            return topic;
    return 0;
}

static bool begins_with_field(slice text, slice letters)
{
    return slice_starts_with(text, letters) &&
           (text.length == letters.length || text.at[letters.length] == DIVIDER_BYTE);
}

const struct text_action *text_action_read(unsigned topic, slice after)
{
    for (size_t i = 0; i < ACTION_LINES; i++)
        if (actions[i].topic == topic && actions[i].reading != TEXT_NONE &&
            begins_with_field(after, actions[i].letters))
            return &actions[i];
    return NULL;
}

const struct text_action *text_action_written(unsigned topic, unsigned action)
{
    for (size_t i = 0; i < ACTION_LINES; i++)
        if (actions[i].topic == topic && actions[i].action == action)
            return &actions[i];
    return NULL;
}
