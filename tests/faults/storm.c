/* storm FOLDER SECONDS: makes, writes, renames and removes files as fast as it can. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments) {
    if (count != 3 || (mkdir(arguments[1], 0755), chdir(arguments[1])) != 0) return 1;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double ends = now.tv_sec + atof(arguments[2]);
    for (unsigned long step = 0; now.tv_sec < ends; step++) {
        char name[32], other[32];
        snprintf(name, sizeof name, "%lu", step % 40);
        snprintf(other, sizeof other, "%lu", step * 7 % 41);
        if (step % 5 == 0) rename(name, other);
        else if (step % 11 == 0) unlink(name);
        else {
            int file = open(name, O_CREAT | O_WRONLY | O_APPEND, 0644);
            if (file < 0 || write(file, "x", 1) != 1) return 1;
            close(file);
        }
        if (step % 1000 == 0) clock_gettime(CLOCK_MONOTONIC, &now);
    }
    return 0;
}
