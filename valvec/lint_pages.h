#pragma once
/* The pages of explanation, made from the pages in lints/ when building. */

struct lint_page {
    const char *id;
    const char *text;
};

extern const struct lint_page LINT_PAGES[]; /* the last one has no id */
