/* Memory that a process holds on to. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <dirent.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int threads_now(void)
{
    int count = -2; /* "." and ".." */
    DIR *folder = opendir("/proc/self/task");
    if (folder == NULL)
        exit(2);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* Until only those threads are left that stay, one of ONNX Runtime among them. */
static void wait_for_threads(void)
{
    static int fewest = INT_MAX;
    const int unknown = fewest == INT_MAX, most = unknown ? 1000 : 20000;
    const struct timespec moment = {0, 1000000};
    int tries;
    for (tries = 0; tries < most; tries++) {
        const int now = threads_now();
        if (!unknown && now <= fewest)
            return;
        fewest = now < fewest ? now : fewest;
        nanosleep(&moment, NULL);
    }
}

/*
 * What is left when the threads of the sessions freed have ended, which they do by
 * themselves: on a busy machine those of several rounds are still there, each with a stack
 * and an arena of the allocator. What the allocator merely keeps is given back first.
 */
static long resident_kib(void)
{
    long pages = 0;
    FILE *file;
    wait_for_threads();
    malloc_trim(0);
    file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        exit(2);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

#endif
