/*
 * Opening and closing again and again keeps the memory flat.
 *
 *   memory LIBONNXRUNTIME BUNDLE ROUNDS
 */
#define _GNU_SOURCE
#include "check.h"
#include "resident.h"

enum { WARM_UP = 50 };
/* The allocator's own play; a leak of one memory bank or map a round is far more. */
static const long ALLOWED_KIB = 1024;

int main(int argc, char **argv)
{
    long round, rounds, warm = 0, growth;
    if (argc != 4)
        return 2;
    rounds = strtol(argv[3], NULL, 10);
    for (round = 0; round < rounds; round++) {
        struct fixture all = opened(argv[1], argv[2]);
        cfa_image image = a_picture();
        cfa_verdict verdict = cfa_verdict_new();
        EXPECT(CFA_OK, cfa_session_score(all.session, &image, &verdict, NULL, &err));
        EXPECT(CFA_E_BAD_ARGUMENT,
               cfa_options_set(all.options, str("threads"), str("none"), &err));
#ifdef LEAK
        all.model = NULL;
#endif
        closed(all);
        if (round == WARM_UP)
            warm = resident_kib();
    }
    growth = resident_kib() - warm;
    printf("%ld rounds: %ld KiB more than after %d\n", rounds, growth, WARM_UP);
    CHECK(rounds <= WARM_UP || growth < ALLOWED_KIB);
    return failures != 0;
}
