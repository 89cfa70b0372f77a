#include "record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES 200  /* of a path; file systems take 255 */
#define PATH_BYTES 4096 /* what Linux takes, with the zero */

static void fail(char *error, const char *what)
{
    snprintf(error, RECORD_FILE_ERROR_BYTES, "cannot %s: %s", what, strerror(errno));
}

/* ---- names ---- */

static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

/* Every part but the last ends with `+`, so that no folder is called like a file. */
char *record_file_name(const char *name, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *file = malloc(length * 3 + length * 6 / PART_BYTES + 16), *at = file, *part = file;
    if (file == NULL)
        abort();
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        if (at - part >= PART_BYTES) {
            *at++ = '+';
            *at++ = '/';
            part = at;
        }
        if (is_plain(name[i])) {
            *at++ = name[i];
        } else {
            *at++ = '%';
            *at++ = digits[byte >> 4];
            *at++ = digits[byte & 15];
        }
    }
    memcpy(at, ".json", sizeof ".json");
    return file;
}

bool record_file_make_folder(const char *folder)
{
    return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

static bool make_path(char path[PATH_BYTES], const char *folder, const char *name, char *error)
{
    int length = snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    if (length < PATH_BYTES - 8)
        return true;
    errno = ENAMETOOLONG;
    fail(error, "store such a name");
    return false;
}

static bool make_folders(char *path, size_t start, char *error)
{
    for (char *slash = strchr(path + start + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool is_made = record_file_make_folder(path);
        *slash = '/';
        if (!is_made) {
            fail(error, "make a folder");
            return false;
        }
    }
    return true;
}

/* ---- reading ---- */

static void read_open(FILE *file, int32_t *version, char **data, size_t *length, char *error)
{
    struct stat status;
    long head;
    if (fscanf(file, "%d", version) != 1 || fgetc(file) != '\n' ||
        fstat(fileno(file), &status) != 0 || (head = ftell(file)) < 0 || head > status.st_size) {
        snprintf(error, RECORD_FILE_ERROR_BYTES, "the file of the record is damaged");
        return;
    }
    *length = (size_t)(status.st_size - head);
    *data = malloc(*length + 1);
    if (*data == NULL || fread(*data, 1, *length, file) != *length)
        fail(error, "read the file of the record");
}

void record_file_read(const char *folder, const char *name, int32_t *version, char **data,
                      size_t *length, char *error)
{
    char path[PATH_BYTES];
    *version = -1;
    *data = NULL;
    *length = 0;
    if (!make_path(path, folder, name, error))
        return;
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        read_open(file, version, data, length, error);
        fclose(file);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        fail(error, "open the file of the record");
    }
}

/* ---- writing ---- */

static bool is_newer(const char *path, int32_t version)
{
    int32_t present = -1;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    bool is_read = fscanf(file, "%d", &present) == 1;
    fclose(file);
    return is_read && present > version;
}

static bool write_all(FILE *file, int32_t version, const char *data, size_t length)
{
    return fprintf(file, "%d\n", version) > 0 && fwrite(data, 1, length, file) == length &&
           fflush(file) == 0 && fsync(fileno(file)) == 0;
}

/* That a file has its name is on the disk only when its folder is. */
static bool sync_folder(const char *path)
{
    char folder[PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY);
    bool is_synced = descriptor >= 0 && fsync(descriptor) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return is_synced;
}

void record_file_write(const char *folder, const char *name, int32_t version, const char *data,
                       size_t length, char *error)
{
    char path[PATH_BYTES], fresh[PATH_BYTES];
    if (!make_path(path, folder, name, error) || !make_folders(path, strlen(folder), error) ||
        is_newer(path, version))
        return;
    snprintf(fresh, sizeof fresh, "%.*s.new", PATH_BYTES - 8, path);
    FILE *file = fopen(fresh, "wb");
    bool is_written = file != NULL && write_all(file, version, data, length);
    if (file != NULL && fclose(file) != 0)
        is_written = false;
    if (!is_written || rename(fresh, path) != 0 || !sync_folder(path))
        fail(error, "write the file of the record");
}

void record_file_remove(const char *folder, const char *name, char *error)
{
    char path[PATH_BYTES];
    if (!make_path(path, folder, name, error))
        return;
    if (unlink(path) == 0 ? !sync_folder(path) : errno != ENOENT && errno != ENOTDIR)
        fail(error, "remove the file of the record");
}
