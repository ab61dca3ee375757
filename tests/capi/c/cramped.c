/*
 * More threads than the system gives are refused, and nothing hangs.
 *
 *   cramped LIBONNXRUNTIME BUNDLE MIB
 *
 * MIB of address space are left for the threads.
 */
#define _GNU_SOURCE
#include "check.h"

#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct fixture all = opened(argv[1], argv[2]);
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    struct rlimit limit;
    cfa_session *session = NULL;
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    if (argc != 4 || file == NULL || fscanf(file, "%ld", &pages) != 1)
        return 2;
    fclose(file);
    limit.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + (rlim_t)(atol(argv[3]) << 20);
    limit.rlim_max = RLIM_INFINITY;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    EXPECT(CFA_OK, cfa_options_set(all.options, str("threads"), str("1024"), &err));
    EXPECT(CFA_E_LIMIT, cfa_session_new(all.model, all.options, &session, &err));
    CHECK(session == NULL && strstr(err.message, "fewer") != NULL);
    limit.rlim_cur = RLIM_INFINITY;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    EXPECT(CFA_OK, cfa_options_set(all.options, str("threads"), str("2"), &err));
    EXPECT(CFA_OK, cfa_session_new(all.model, all.options, &session, &err));
    EXPECT(CFA_OK, cfa_session_score(session, &image, &verdict, NULL, &err));
    cfa_session_free(session);
    closed(all);
    return failures != 0;
}
