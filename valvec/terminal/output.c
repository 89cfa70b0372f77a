/* Writes standard output and files, whole or with an error. */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FULL_BYTES ((size_t)64 * 1024)

bool output_wants_colour(enum colour_choice choice, FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (choice != COLOUR_AUTO)
        return choice == COLOUR_ALWAYS;
    return (no_colour == NULL || no_colour[0] == '\0') && isatty(fileno(stream)) != 0 &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void output_open(struct output *output, enum colour_choice choice)
{
    *output = (struct output){.colour = output_wants_colour(choice, stdout)};
}

/* Writes all bytes. Returns 0 or an errno. */
static int write_all(int file, slice bytes)
{
    while (bytes.length > 0) {
        ssize_t written = write(file, bytes.at, bytes.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written == 0 ? EIO : errno;
        bytes = slice_part(bytes, (size_t)written, bytes.length);
    }
    return 0;
}

bool output_flush(struct output *output)
{
    if (output->error == 0)
        output->error = write_all(STDOUT_FILENO, buf_slice(&output->text));
    buf_clear(&output->text);
    return output->error == 0;
}

bool output_flush_when_full(struct output *output)
{
    return output->text.length < FULL_BYTES ? output->error == 0 : output_flush(output);
}

enum exit_status output_close(struct output *output, enum exit_status status)
{
    output_flush(output);
    buf_fini(&output->text);
    if (output->error == 0)
        return status;
    fprintf(stderr, "%s: cannot write standard output: %s\n", application.name,
            strerror(output->error));
    return EXIT_IO;
}

void error_output(slice text)
{
    (void)write_all(STDERR_FILENO, text);
}

/* ---- files ---- */

/* Puts what rename needs on the disk. Returns 0 or an errno. */
static int fill_and_close(int file, slice bytes)
{
    int error = write_all(file, bytes);
    if (error == 0 && fsync(file) != 0 && errno != EINVAL)
        error = errno;
    if (close(file) != 0 && error == 0)
        error = errno;
    return error;
}

/* mkstemp makes private files; the result gets the mode that creating it would have given. */
static mode_t new_file_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int write_beside(char *temporary, const char *path, mode_t mode, slice bytes)
{
    int file = mkstemp(temporary);
    if (file < 0)
        return errno;
    int error = fchmod(file, mode) != 0 ? errno : 0;
    int fill_error = fill_and_close(file, bytes);
    error = error != 0 ? error : fill_error;
    if (error == 0 && rename(temporary, path) != 0)
        error = errno;
    if (error != 0)
        (void)unlink(temporary);
    return error;
}

bool output_replace_file(const char *path, slice bytes)
{
    struct stat existing;
    bool exists = stat(path, &existing) == 0;
    int error;
    if (exists && !S_ISREG(existing.st_mode)) {
        int file = open(path, O_WRONLY | O_CLOEXEC);
        error = file < 0 ? errno : fill_and_close(file, bytes);
    } else {
        struct buf temporary = BUF_EMPTY;
        buf_printf(&temporary, "%s.XXXXXX", path);
        buf_append_byte(&temporary, '\0');
        mode_t mode = exists ? existing.st_mode & 07777 : new_file_mode();
        error = write_beside(temporary.at, path, mode, bytes);
        buf_fini(&temporary);
    }
    errno = error;
    return error == 0;
}
