// Preloaded into a child process: counts what it does to the files below FAULT_FOLDER, and at the FAULT_AT-th time kills it (SIGKILL) before,
// in the middle of, or after that call, or lets the disk be full from then on. Everything that writes there is counted, DuckDB too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BEFORE, TORN, AFTER, FULL };

static atomic_long calls;
static const char *folder;
static const char *kind; // "write", "fsync", "rename", "unlink", or "any"
static long at;
static int how;

__attribute__((constructor)) static void start(void)
{
    folder = getenv("FAULT_FOLDER");
    kind = getenv("FAULT_KIND");
    at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
    how = getenv("FAULT_HOW") ? atoi(getenv("FAULT_HOW")) : BEFORE;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int below(const char *path) { return folder && path && strncmp(path, folder, strlen(folder)) == 0; }

static int ours(int fd)
{
    char link[64], path[PATH_MAX];
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

// Whether this call is the one.
static int hit(const char *what, int is_ours)
{
    if (!is_ours || at == 0 || (strcmp(kind, "any") != 0 && strcmp(kind, what) != 0)) return 0;
    long now = atomic_fetch_add(&calls, 1) + 1;
    return how == FULL ? now >= at : now == at;
}

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real; })

#define WRITING(name, parameters, arguments, halved)          \
    ssize_t name parameters                                   \
    {                                                         \
        if (!hit("write", ours(fd))) return REAL(name) arguments; \
        if (how == FULL) { errno = ENOSPC; return -1; }       \
        if (how == BEFORE) die();                             \
        if (how == TORN) { (void)!REAL(name) halved; die(); } \
        (void)!REAL(name) arguments;                          \
        die();                                                \
        return -1;                                            \
    }

WRITING(write, (int fd, const void *data, size_t count), (fd, data, count), (fd, data, count / 2))
WRITING(pwrite, (int fd, const void *data, size_t count, off_t offset), (fd, data, count, offset), (fd, data, count / 2, offset))
WRITING(pwrite64, (int fd, const void *data, size_t count, off64_t offset), (fd, data, count, offset), (fd, data, count / 2, offset))
WRITING(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), (fd, parts, 1))
WRITING(pwritev, (int fd, const struct iovec *parts, int count, off_t offset), (fd, parts, count, offset), (fd, parts, 1, offset))
WRITING(pwritev64, (int fd, const struct iovec *parts, int count, off64_t offset), (fd, parts, count, offset), (fd, parts, 1, offset))

#define DOING(what, test, name, parameters, arguments)          \
    int name parameters                                         \
    {                                                           \
        if (!hit(what, test)) return REAL(name) arguments;      \
        if (how == FULL) { errno = ENOSPC; return -1; }         \
        if (how != BEFORE) (void)!REAL(name) arguments;         \
        die();                                                  \
        return -1;                                              \
    }

DOING("fsync", ours(fd), fsync, (int fd), (fd))
DOING("fsync", ours(fd), fdatasync, (int fd), (fd))
DOING("rename", below(to), rename, (const char *from, const char *to), (from, to))
DOING("rename", below(to), renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
DOING("unlink", below(path), unlink, (const char *path), (path))
