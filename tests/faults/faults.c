/* Preloaded into the programs: fails writes to the files of a record, slows looks at files, and moves the wall clock, as told by
 * a shared file.
 *
 * FAULTS names the file, which holds a `struct control`. A write that fails has often written a half of its bytes before, as
 * on a disk that is just full. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct control {
    int64_t clock_ns; /* Added to the wall clock. */
    int32_t error;    /* What a failing write says. */
    int32_t permille; /* How many writes fail. */
    int32_t look_us;  /* How much longer a look at a file takes, and a watch. */
};

static volatile struct control *control;
static __thread unsigned seed;
static __thread int owed = -1; /* The descriptor of which a half was written. */

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) control = mapped;
    close(file);
}

static int is_of_record(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "/.context/") != NULL;
}

static int fails(int file) {
    if (!control || control->permille == 0 || !is_of_record(file)) return 0;
    if (seed == 0) seed = (unsigned)getpid() ^ (unsigned)(uintptr_t)&seed;
    return rand_r(&seed) % 1000 < control->permille;
}

ssize_t write(int file, const void *bytes, size_t count) {
    if (owed == file || fails(file)) {
        int was_owed = owed == file;
        owed = -1;
        if (!was_owed && count > 1 && rand_r(&seed) % 2) {
            owed = file;
            return syscall(SYS_write, file, bytes, count / 2);
        }
        errno = control->error;
        return -1;
    }
    return syscall(SYS_write, file, bytes, count);
}

int statx(int folder, const char *restrict name, int flags, unsigned mask, struct statx *restrict found) {
    if (control && control->look_us > 0) usleep(control->look_us);
    return syscall(SYS_statx, folder, name, flags, mask, found);
}

int inotify_add_watch(int queue, const char *path, uint32_t mask) {
    if (control && control->look_us > 0) usleep(control->look_us);
    return syscall(SYS_inotify_add_watch, queue, path, mask);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (result == 0 && control && clock == CLOCK_REALTIME) {
        int64_t ns = time->tv_nsec + control->clock_ns % 1000000000;
        time->tv_sec += control->clock_ns / 1000000000 + (ns >= 1000000000) - (ns < 0);
        time->tv_nsec = (ns + 1000000000) % 1000000000;
    }
    return result;
}
