#pragma once
/* Paths as commands need them. Results belong to the caller. */

/* The path of this program; empty when the system does not say. */
char *program_path(void);

/* A path from the command line, which starts at the working directory; NULL stays NULL. */
char *absolute_path(const char *path);
