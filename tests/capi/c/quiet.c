/*
 * Inspects a picture now and then, as a station does that waits for parts.
 *
 *   quiet LIBONNXRUNTIME BUNDLE SECONDS
 */
#define _GNU_SOURCE
#include "check.h"

#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    time_t end;
    struct fixture all;
    if (argc != 4)
        return 2;
    end = time(NULL) + strtol(argv[3], NULL, 10);
    all = opened(argv[1], argv[2]);
    do {
        cfa_image image = a_picture();
        cfa_verdict verdict = cfa_verdict_new();
        EXPECT(CFA_OK, cfa_session_score(all.session, &image, &verdict, NULL, &err));
        sleep(1);
    } while (time(NULL) < end);
    closed(all);
    return failures != 0;
}
