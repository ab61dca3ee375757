/*
 * A panic behind each entry point, and a cancellation at the last moment: with a library
 * that is built for it (`fault-injection`).
 *
 *   faults LIBONNXRUNTIME BUNDLE
 *
 * Prints the functions behind which it saw a panic caught.
 */
#include "bitmap.h"
#include "check.h"

/* In no header: the next time that this thread comes to the place, it fails there. Answers
 * what was asked for before and has not happened. */
uint32_t cfa_inject_fault(uint32_t place);
enum { NOWHERE, AT_ENTRY, COMPUTING, COMPUTED };

static int happened(void)
{
    return cfa_inject_fault(NOWHERE) == NOWHERE;
}

#define PANICS(name, ...)                                                                          \
    do {                                                                                           \
        cfa_inject_fault(AT_ENTRY);                                                                \
        EXPECT(CFA_E_PANIC, name(__VA_ARGS__));                                                    \
        CHECK(happened() && strstr(err.message, "injection.rs") != NULL);                          \
        puts(#name);                                                                               \
    } while (0)

/* For functions that have no way to tell. */
#define SURVIVES(name, ...)                                                                        \
    do {                                                                                           \
        cfa_inject_fault(AT_ENTRY);                                                                \
        name(__VA_ARGS__);                                                                         \
        CHECK(happened());                                                                         \
        puts(#name);                                                                               \
    } while (0)

static int32_t go_on(void *userdata, cfa_str phase, float fraction)
{
    (void)userdata, (void)phase, (void)fraction;
    return 1;
}

static void library_and_options(struct fixture all)
{
    cfa_options *options = NULL;
    cfa_inject_fault(AT_ENTRY);
    CHECK(cfa_abi_version() == 0 && happened());
    puts("cfa_abi_version");
    cfa_inject_fault(AT_ENTRY);
    CHECK(cfa_build_info_json().len == 2 && happened());
    puts("cfa_build_info_json");
    cfa_inject_fault(AT_ENTRY);
    CHECK(strcmp(cfa_status_name(CFA_OK).data, "unknown") == 0 && happened());
    puts("cfa_status_name");
    PANICS(cfa_abi_check, CFA_ABI_VERSION, &err);
    PANICS(cfa_options_new, &options, &err);
    PANICS(cfa_options_set, all.options, str("threads"), str("1"), &err);
    PANICS(cfa_options_set_progress, all.options, go_on, NULL, &err);
}

static void models(struct fixture all, const char *bundle)
{
    cfa_model *model = NULL;
    uint32_t width = 0, height = 0;
    float value = 1;
    uint8_t rgb[3];
    char buf[8];
    size_t needed = 0;
    PANICS(cfa_model_open, str(bundle), all.options, &model, &err);
    PANICS(cfa_model_open_bytes, rgb, 3, all.options, &model, &err);
    PANICS(cfa_model_info_json, all.model, buf, 8, &needed, &err);
    PANICS(cfa_model_map_size, all.model, &width, &height, &err);
    PANICS(cfa_model_heatmap_rgb8, all.model, &value, 1, rgb, 3, &err);
    CHECK(model == NULL && needed == 0 && width == 0 && height == 0);
}

enum { COMPUTING_CALLS = 4 };

/* The calls of a session that compute. */
static cfa_status compute(cfa_session *session, int call)
{
    cfa_image image = a_picture();
    const cfa_image *images[1] = {&image};
    cfa_verdict verdict = cfa_verdict_new();
    cfa_verdict *verdicts[1] = {&verdict};
    size_t done = 7;
    cfa_status status = CFA_OK;
    switch (call) {
    case 0:
        status = cfa_session_score(session, &image, &verdict, NULL, &err);
        break;
    case 1:
        status = cfa_session_score_encoded(session, a_bitmap(), BITMAP_LEN, &verdict, NULL, &err);
        break;
    case 2:
        status = cfa_session_score_batch(session, images, 1, verdicts, NULL, &done, &err);
        CHECK(done == (status == CFA_OK));
        break;
    default:
        return cfa_session_self_test(session, &err);
    }
    CHECK((verdict.width_px > 0) == (status == CFA_OK));
    return status;
}

static void sessions(struct fixture all)
{
    cfa_image image = a_picture();
    const cfa_image *images[1] = {&image};
    cfa_verdict verdict = cfa_verdict_new();
    cfa_verdict *verdicts[1] = {&verdict};
    cfa_session *session = NULL;
    char buf[8];
    size_t needed = 0;
    PANICS(cfa_session_new, all.model, all.options, &session, &err);
    PANICS(cfa_session_self_test, all.session, &err);
    PANICS(cfa_session_info_json, all.session, buf, 8, &needed, &err);
    PANICS(cfa_session_score, all.session, &image, &verdict, NULL, &err);
    PANICS(cfa_session_score_encoded, all.session, a_bitmap(), BITMAP_LEN, &verdict, NULL, &err);
    PANICS(cfa_session_score_batch, all.session, images, 1, verdicts, NULL, &needed, &err);
    SURVIVES(cfa_session_cancel, all.session);
    CHECK(session == NULL && needed == 0 && verdict.width_px == 0);
}

/* A session in which a computation panicked can only be freed; its model is as before. */
static void panics_while_computing(struct fixture all)
{
    int first, then;
    for (first = 0; first < COMPUTING_CALLS; first++) {
        cfa_session *session = NULL;
        char text[4096];
        size_t needed;
        EXPECT(CFA_OK, cfa_session_new(all.model, all.options, &session, &err));
        EXPECT(CFA_OK, compute(session, 0));
        cfa_inject_fault(COMPUTING);
        EXPECT(CFA_E_PANIC, compute(session, first));
        CHECK(happened() && strstr(err.message, "injected") != NULL);
        for (then = 0; then < COMPUTING_CALLS; then++) {
            EXPECT(CFA_E_PANIC, compute(session, then));
            CHECK(strstr(err.message, "can only be freed") != NULL);
        }
        EXPECT(CFA_OK, cfa_session_info_json(session, text, sizeof text, &needed, &err));
        cfa_session_cancel(session);
        cfa_session_free(session);
        EXPECT(CFA_OK, compute(all.session, 0));
    }
}

/* After the last look at it that the computation takes itself, and before the results go
 * out: they do not. */
static void cancelled_at_the_last_moment(struct fixture all)
{
    int call;
    for (call = 0; call < COMPUTING_CALLS - 1; call++) {
        cfa_inject_fault(COMPUTED);
        EXPECT(CFA_E_CANCELLED, compute(all.session, call));
        CHECK(happened());
        EXPECT(CFA_OK, compute(all.session, call));
    }
}

int main(int argc, char **argv)
{
    struct fixture all;
    if (argc != 3)
        return 2;
    all = opened(argv[1], argv[2]);
    library_and_options(all);
    models(all, argv[2]);
    sessions(all);
    panics_while_computing(all);
    cancelled_at_the_last_moment(all);
    SURVIVES(cfa_session_free, all.session);
    SURVIVES(cfa_model_free, all.model);
    SURVIVES(cfa_options_free, all.options);
    all = opened(argv[1], argv[2]);
    EXPECT(CFA_OK, compute(all.session, 0));
    closed(all);
    return failures != 0;
}
