/*
 * Every function of the library, the way it is meant: from options to a coloured map and
 * back to nothing, with two threads beside each other.
 *
 *   whole_way LIBONNXRUNTIME BUNDLE
 */
#include "bitmap.h"
#include "check.h"

#include <pthread.h>

static int32_t count(void *userdata, cfa_str phase, float fraction)
{
    int *calls = userdata;
    CHECK(phase.len > 0 && fraction <= 1.0f);
    return ++*calls;
}

static void library(int is_test_build)
{
    const char *info = cfa_build_info_json().data;
    CHECK(cfa_abi_version() == CFA_ABI_VERSION);
    EXPECT(CFA_OK, cfa_abi_check(CFA_ABI_VERSION, &err));
    EXPECT(CFA_E_ABI, cfa_abi_check(CFA_ABI_VERSION + 1, &err));
    CHECK(cfa_build_info_json().len == strlen(info));
    CHECK((strstr(info, "\"test_build\":true") != NULL) == is_test_build);
    CHECK(strcmp(cfa_status_name(CFA_E_PANIC).data, "CFA_E_PANIC") == 0);
}

static void same_from_bytes(struct fixture all, const char *bundle)
{
    cfa_model *model = NULL;
    char *texts[2] = {NULL, NULL};
    uint8_t *bytes = malloc(1 << 20);
    FILE *file = fopen(bundle, "rb");
    size_t i, needed = 0, len = file != NULL ? fread(bytes, 1, 1 << 20, file) : 0;
    EXPECT(CFA_OK, cfa_model_open_bytes(bytes, len, NULL, &model, &err));
    free(bytes);
    for (i = 0; i < 2; i++) {
        const cfa_model *one = i == 0 ? all.model : model;
        EXPECT(CFA_E_BUFFER_TOO_SMALL, cfa_model_info_json(one, NULL, 0, &needed, &err));
        texts[i] = malloc(needed);
        EXPECT(CFA_OK, cfa_model_info_json(one, texts[i], needed, &needed, &err));
    }
    CHECK(strcmp(texts[0], texts[1]) == 0);
    free(texts[0]);
    free(texts[1]);
    cfa_model_free(model);
    if (file != NULL)
        fclose(file);
}

/* The score is the largest value of the map, and the map has colours. */
static float scored(struct fixture all, cfa_session *session, cfa_map_size size)
{
    cfa_error mine = cfa_error_new();
    cfa_image image = cfa_image_new(CFA_PIXEL_RGB8, 64, 64, pixels, (size_t)64 * 64 * 3);
    cfa_verdict verdict = cfa_verdict_new();
    cfa_map map = cfa_map_new(size, NULL, 0);
    float largest = 0;
    uint8_t *rgb;
    size_t i, values;
    CHECK(cfa_session_score(session, &image, &verdict, &map, &mine) == CFA_E_BUFFER_TOO_SMALL);
    values = (size_t)map.width_px * map.height_px;
    map.data = malloc(values * sizeof *map.data);
    map.capacity = values;
    rgb = malloc(values * 3);
    CHECK(cfa_session_score(session, &image, &verdict, &map, &mine) == CFA_OK);
    for (i = 0; i < values; i++)
        largest = map.data[i] > largest ? map.data[i] : largest;
    CHECK(size == CFA_MAP_SIZE_PICTURE || largest == verdict.score);
    CHECK(cfa_model_heatmap_rgb8(all.model, map.data, values, rgb, values * 3, &mine) == CFA_OK);
    for (i = 0; i < values * 3; i++)
        largest += rgb[i];
    CHECK(largest > verdict.score);
    free(rgb);
    free(map.data);
    return verdict.score;
}

static void pictures(struct fixture all)
{
    cfa_image image = a_picture(), part = image;
    const cfa_image *images[3] = {&image, &part, &image};
    cfa_verdict verdicts[4] = {cfa_verdict_new(), cfa_verdict_new(), cfa_verdict_new(),
                               cfa_verdict_new()};
    cfa_verdict *out[3] = {&verdicts[0], &verdicts[1], &verdicts[2]};
    size_t done = 0;
    float score = scored(all, all.session, CFA_MAP_SIZE_MODEL);
    CHECK(scored(all, all.session, CFA_MAP_SIZE_PICTURE) == score);
    part.roi_x_px = 7, part.roi_y_px = 9, part.roi_width_px = part.roi_height_px = 40;
    EXPECT(CFA_OK, cfa_session_score_batch(all.session, images, 3, out, NULL, &done, &err));
    CHECK(done == 3 && verdicts[0].score == score && verdicts[2].score == score);
    CHECK(verdicts[1].score != score);
    EXPECT(CFA_OK, cfa_session_score_encoded(all.session, a_bitmap(), BITMAP_LEN, &verdicts[3],
                                             NULL, &err));
    CHECK(verdicts[3].width_px == BITMAP_SIDE && verdicts[3].score > 0.0f);
    EXPECT(CFA_E_BAD_PICTURE,
           cfa_session_score_encoded(all.session, a_bitmap(), 60, &verdicts[3], NULL, &err));
    cfa_session_cancel(all.session);
}

static void *beside(void *argument)
{
    struct fixture *all = argument;
    cfa_error mine = cfa_error_new();
    cfa_session *session = NULL;
    int i;
    CHECK(cfa_session_new(all->model, all->options, &session, &mine) == CFA_OK);
    for (i = 0; i < 3; i++)
        scored(*all, session, CFA_MAP_SIZE_MODEL);
    cfa_session_free(session);
    return NULL;
}

int main(int argc, char **argv)
{
    struct fixture all;
    pthread_t threads[2];
    cfa_session *session = NULL;
    char text[4096];
    size_t needed = 0;
    int calls = 0, is_fake, i;
    if (argc != 3)
        return 2;
    is_fake = strcmp(argv[1], "fake-network") == 0;
    all = opened(argv[1], argv[2]);
    library(is_fake);
    same_from_bytes(all, argv[2]);
    pictures(all);
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, beside, &all) == 0);
    for (i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);

    EXPECT(CFA_OK, cfa_options_set(all.options, str("threads"), str("2"), &err));
    EXPECT(CFA_OK, cfa_options_set_progress(all.options, count, &calls, &err));
    EXPECT(CFA_OK, cfa_session_new(all.model, all.options, &session, &err));
    CHECK(calls >= 4);
    EXPECT(CFA_OK, cfa_session_info_json(session, text, sizeof text, &needed, &err));
    CHECK(strstr(text, "\"threads\":2") != NULL && strlen(text) + 1 == needed);
    /* What was recorded is the network's, not that of a fake. */
    EXPECT(is_fake ? CFA_E_SELF_TEST : CFA_OK, cfa_session_self_test(session, &err));
    closed(all);
    cfa_session_free(session);
    return failures != 0;
}
