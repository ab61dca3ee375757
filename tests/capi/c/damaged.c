/*
 * Damaged picture files, refused and accepted, and one that makes its decoder panic where the
 * library is built for tests.
 *
 *   damaged LIBONNXRUNTIME BUNDLE DAMAGED_PICTURE PANICKING_PICTURE
 *
 * Prints what is said of the last.
 */
#include "bitmap.h"
#include "check.h"

static uint8_t file[1 << 16];

static size_t contents(const char *path)
{
    FILE *picture = fopen(path, "rb");
    size_t len = picture != NULL ? fread(file, 1, sizeof file, picture) : 0;
    CHECK(len > 0);
    if (picture != NULL)
        fclose(picture);
    return len;
}

static int info_holds(const cfa_session *session, const char *words)
{
    char text[4096];
    size_t needed;
    EXPECT(CFA_OK, cfa_session_info_json(session, text, sizeof text, &needed, &err));
    return strstr(text, words) != NULL;
}

static void whole(cfa_session *session)
{
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    EXPECT(CFA_OK,
           cfa_session_score_encoded(session, a_bitmap(), BITMAP_LEN, &verdict, NULL, &err));
    CHECK(verdict.remarks == 0 && info_holds(session, "\"damage\":null"));
    EXPECT(CFA_OK, cfa_session_score(session, &image, &verdict, NULL, &err));
    CHECK(verdict.remarks == 0);
}

static void accepted(struct fixture all, size_t len)
{
    cfa_verdict verdict = cfa_verdict_new();
    cfa_session *session = NULL;
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(all.options, str("accept_damaged"), str("1"), &err));
    EXPECT(CFA_OK, cfa_options_set(all.options, str("accept_damaged"), str("true"), &err));
    EXPECT(CFA_OK, cfa_session_new(all.model, all.options, &session, &err));
    whole(session);
    EXPECT(CFA_OK, cfa_session_score_encoded(session, file, len, &verdict, NULL, &err));
    CHECK(verdict.remarks == CFA_REMARK_DAMAGED && verdict.score > 0.0f);
    CHECK(info_holds(session, "\"damage\":\"some of its coded data are missing"));
    whole(session);
    cfa_session_free(session);
}

int main(int argc, char **argv)
{
    struct fixture all = opened(argv[1], argv[2]);
    cfa_verdict verdict = cfa_verdict_new();
    size_t len = contents(argv[3]);
    CHECK(argc == 5);
    EXPECT(CFA_E_BAD_PICTURE,
           cfa_session_score_encoded(all.session, file, len, &verdict, NULL, &err));
    CHECK(strstr(err.message, "some of its coded data are missing") != NULL);
    CHECK(verdict.width_px == 0);
    whole(all.session);
    accepted(all, len);
    len = contents(argv[4]);
    EXPECT(CFA_E_BAD_PICTURE,
           cfa_session_score_encoded(all.session, file, len, &verdict, NULL, &err));
    printf("%s\n", err.message);
    whole(all.session);
    closed(all);
    return failures != 0;
}
