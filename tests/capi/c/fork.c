/*
 * Threads do not follow a process through fork: what needs them says so in the child, nothing
 * hangs there, and what is made there works.
 *
 *   fork LIBONNXRUNTIME BUNDLE
 */
#define _GNU_SOURCE
#include "bitmap.h"
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_S = 60, FORKS = 10 };

static const char *library, *bundle;

#define EXPECT_FORKED(call)                                                                        \
    do {                                                                                           \
        EXPECT(CFA_E_BAD_ARGUMENT, call);                                                          \
        CHECK(strstr(err.message, "forked") != NULL);                                              \
    } while (0)

static float score(cfa_session *session)
{
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    EXPECT(CFA_OK, cfa_session_score(session, &image, &verdict, NULL, &err));
    return verdict.score;
}

static struct fixture with_threads(const char *threads)
{
    struct fixture all = opened(library, bundle);
    cfa_session_free(all.session);
    all.session = NULL;
    EXPECT(CFA_OK, cfa_options_set(all.options, str("threads"), str(threads), &err));
    EXPECT(CFA_OK, cfa_session_new(all.model, all.options, &all.session, &err));
    return all;
}

/* Every call that takes a session. */
static void refused(cfa_session *session)
{
    cfa_image image = a_picture();
    const cfa_image *images[1];
    cfa_verdict verdict = cfa_verdict_new(), *verdicts[1];
    size_t needed = 0;
    images[0] = &image;
    verdicts[0] = &verdict;
    EXPECT_FORKED(cfa_session_score(session, &image, &verdict, NULL, &err));
    EXPECT_FORKED(
        cfa_session_score_encoded(session, a_bitmap(), BITMAP_LEN, &verdict, NULL, &err));
    EXPECT_FORKED(cfa_session_score_batch(session, images, 1, verdicts, NULL, &needed, &err));
    EXPECT_FORKED(cfa_session_self_test(session, &err));
    EXPECT_FORKED(cfa_session_info_json(session, NULL, 0, &needed, &err));
    cfa_session_cancel(session);
    cfa_session_free(session);
}

static int in_child(struct fixture all, float expected, const char *threads)
{
    struct fixture own;
    alarm(PATIENCE_S);
    refused(all.session);
    all.session = NULL;
    EXPECT(CFA_OK, cfa_session_new(all.model, all.options, &all.session, &err));
    CHECK(score(all.session) == expected);
    closed(all);
    own = with_threads(threads);
    CHECK(score(own.session) == expected);
    EXPECT(CFA_OK, cfa_session_self_test(own.session, &err));
    closed(own);
    return failures != 0;
}

static void ends_well(pid_t child)
{
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void children_of_a_quiet_parent(const char *threads)
{
    struct fixture all = with_threads(threads);
    const float expected = score(all.session);
    int left;
    for (left = FORKS; left > 0; left--) {
        const pid_t child = fork();
        if (child == 0)
            exit(in_child(all, expected, threads));
        ends_well(child);
        CHECK(score(all.session) == expected);
    }
    closed(all);
}

struct busy {
    cfa_session *session;
    atomic_int stop;
};

static void *inspect_on_and_on(void *argument)
{
    struct busy *busy = argument;
    while (!atomic_load(&busy->stop)) {
        cfa_image image = a_picture();
        cfa_verdict verdict = cfa_verdict_new();
        if (cfa_session_score(busy->session, &image, &verdict, NULL, NULL) != CFA_OK)
            exit(2);
    }
    return NULL;
}

/* Forked in the middle of a call, whose locks stay shut in the child for ever. */
static void children_of_a_busy_parent(void)
{
    struct fixture all = with_threads("2");
    struct busy busy;
    pthread_t thread;
    int left;
    busy.session = all.session;
    atomic_init(&busy.stop, 0);
    if (pthread_create(&thread, NULL, inspect_on_and_on, &busy) != 0)
        exit(2);
    for (left = FORKS; left > 0; left--) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(PATIENCE_S);
            refused(all.session);
            _exit(failures != 0);
        }
        ends_well(child);
    }
    atomic_store(&busy.stop, 1);
    pthread_join(thread, NULL);
    closed(all);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    library = argv[1];
    bundle = argv[2];
    children_of_a_quiet_parent("1");
    children_of_a_quiet_parent("3");
    children_of_a_busy_parent();
    return failures != 0;
}
