/*
 * What a caller may rely on: any order of freeing, one session for one thread at a time,
 * cancelling, progress, batches, formats and regions that give the same numbers.
 *
 *   usage LIBONNXRUNTIME BUNDLE
 */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static float score_of(struct fixture all, cfa_image image)
{
    cfa_verdict verdict = cfa_verdict_new();
    EXPECT(CFA_OK, cfa_session_score(all.session, &image, &verdict, NULL, &err));
    return verdict.score;
}

static void any_order_of_freeing(const char **argv)
{
    struct fixture all = opened(argv[1], argv[2]);
    cfa_image image = a_picture();
    float before = score_of(all, image);
    cfa_options_free(all.options);
    cfa_model_free(all.model);
    CHECK(score_of(all, image) == before);
    EXPECT(CFA_OK, cfa_session_self_test(all.session, &err));
    cfa_session_free(all.session);
}

/* The same pixels in every layout, and cut out of a larger picture. */
static void formats_and_regions(struct fixture all)
{
    static uint8_t rgb[64 * 64 * 3], other[64 * 64 * 4], wide[80 * 70 * 3];
    static uint16_t gray16[64 * 64];
    cfa_image image = cfa_image_new(CFA_PIXEL_RGB8, 64, 64, rgb, sizeof rgb);
    cfa_verdict whole = cfa_verdict_new(), region = cfa_verdict_new();
    float score;
    size_t i, y;
    for (i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)(i * 31 % 253);
    score = score_of(all, image);
    for (i = 0; i < 64 * 64; i++)
        other[3 * i] = rgb[3 * i + 2], other[3 * i + 1] = rgb[3 * i + 1],
        other[3 * i + 2] = rgb[3 * i];
    CHECK(score_of(all, cfa_image_new(CFA_PIXEL_BGR8, 64, 64, other, sizeof rgb)) == score);
    for (i = 0; i < 64 * 64; i++)
        memcpy(other + 4 * i, rgb + 3 * i, 3), other[4 * i + 3] = (uint8_t)i;
    CHECK(score_of(all, cfa_image_new(CFA_PIXEL_RGBA8, 64, 64, other, sizeof other)) == score);
    for (i = 0; i < 64 * 64; i++)
        other[4 * i] = rgb[3 * i + 2], other[4 * i + 2] = rgb[3 * i];
    CHECK(score_of(all, cfa_image_new(CFA_PIXEL_BGRA8, 64, 64, other, sizeof other)) == score);

    for (y = 0; y < 64; y++)
        memcpy(wide + ((y + 4) * 80 + 11) * 3, rgb + y * 64 * 3, (size_t)64 * 3);
    EXPECT(CFA_OK, cfa_session_score(all.session, &image, &whole, NULL, &err));
    CHECK(whole.decode_ns > 0 && whole.preprocess_ns > 0 && whole.network_ns > 0 &&
          whole.neighbors_ns > 0 && whole.map_ns > 0 && whole.remarks == 0);
    image = cfa_image_new(CFA_PIXEL_RGB8, 80, 70, wide, sizeof wide);
    image.roi_x_px = 11, image.roi_y_px = 4, image.roi_width_px = image.roi_height_px = 64;
    EXPECT(CFA_OK, cfa_session_score(all.session, &image, &region, NULL, &err));
    CHECK(region.score == score && region.width_px == 80 && region.height_px == 70);
    CHECK(region.peak_x_px == whole.peak_x_px + 11 && region.peak_y_px == whole.peak_y_px + 4);

    /* Gray: one channel, the same value three times, and 16 bits of it. */
    for (i = 0; i < 64 * 64; i++)
        other[i] = (uint8_t)(i * 5 % 250), gray16[i] = (uint16_t)(other[i] * 257),
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = other[i];
    score = score_of(all, cfa_image_new(CFA_PIXEL_RGB8, 64, 64, rgb, sizeof rgb));
    CHECK(score_of(all, cfa_image_new(CFA_PIXEL_GRAY8, 64, 64, other, 64 * 64)) == score);
    CHECK(fabsf(score_of(all, cfa_image_new(CFA_PIXEL_GRAY16, 64, 64, gray16, sizeof gray16)) -
                score) <= 1e-5f * score);
}

static void batches(struct fixture all)
{
    enum { COUNT = 3, SIDE = 64 };
    static float room[COUNT][SIDE * SIDE];
    cfa_image images[COUNT];
    cfa_verdict verdicts[COUNT];
    cfa_map maps[COUNT];
    const cfa_image *in[COUNT];
    cfa_verdict *out[COUNT];
    cfa_map *map_out[COUNT];
    size_t i, done = 99;
    for (i = 0; i < COUNT; i++) {
        images[i] = a_picture();
        images[i].height_px = 64 - (uint32_t)i * 8;
        verdicts[i] = cfa_verdict_new();
        maps[i] = cfa_map_new(CFA_MAP_SIZE_PICTURE, room[i], SIDE * SIDE);
        in[i] = &images[i], out[i] = &verdicts[i], map_out[i] = &maps[i];
    }
    map_out[1] = NULL;
    EXPECT(CFA_OK, cfa_session_score_batch(all.session, in, COUNT, out, map_out, &done, &err));
    CHECK(done == COUNT);
    for (i = 0; i < COUNT; i++)
        CHECK(score_of(all, images[i]) == verdicts[i].score);
    CHECK(maps[0].height_px == 64 && maps[1].height_px == 0 && maps[2].height_px == 48);

    /* Nothing is computed when one of them is wrong. */
    images[2].format = 99;
    verdicts[0].score = -7.0f;
    EXPECT(CFA_E_BAD_ARGUMENT,
           cfa_session_score_batch(all.session, in, COUNT, out, NULL, &done, &err));
    CHECK(done == 0 && verdicts[0].score == -7.0f && strstr(err.message, "picture 2") != NULL);
    images[2].format = CFA_PIXEL_RGB8;
    maps[2].capacity = 5;
    EXPECT(CFA_E_BUFFER_TOO_SMALL,
           cfa_session_score_batch(all.session, in, COUNT, out, map_out, &done, &err));
    CHECK(done == 0 && verdicts[0].score == -7.0f && maps[2].width_px == 64);
}

struct shared {
    struct fixture all;
    float score;
    atomic_int wrong, busy, cancelled, running;
};

static void *own_session(void *argument)
{
    struct shared *shared = argument;
    cfa_error mine = cfa_error_new();
    cfa_session *session = NULL;
    cfa_image image = cfa_image_new(CFA_PIXEL_RGB8, 64, 64, pixels, (size_t)64 * 64 * 3);
    cfa_verdict verdict = cfa_verdict_new();
    int i;
    if (cfa_session_new(shared->all.model, shared->all.options, &session, &mine) != CFA_OK)
        shared->wrong++;
    for (i = 0; i < 10; i++)
        if (cfa_session_score(session, &image, &verdict, NULL, &mine) != CFA_OK ||
            verdict.score != shared->score)
            shared->wrong++;
    cfa_session_free(session);
    return NULL;
}

static void *same_session(void *argument)
{
    struct shared *shared = argument;
    cfa_error mine = cfa_error_new();
    cfa_image image = cfa_image_new(CFA_PIXEL_RGB8, 64, 64, pixels, (size_t)64 * 64 * 3);
    cfa_verdict verdict = cfa_verdict_new();
    int i;
    for (i = 0; i < 40; i++) {
        cfa_status status = cfa_session_score(shared->all.session, &image, &verdict, NULL, &mine);
        if (status == CFA_E_BUSY)
            shared->busy++;
        else if (status != CFA_OK || verdict.score != shared->score)
            shared->wrong++;
    }
    return NULL;
}

static void threads(struct fixture all)
{
    void *(*const bodies[])(void *) = {own_session, same_session};
    cfa_image image = a_picture();
    size_t i, j;
    for (j = 0; j < 2; j++) {
        struct shared shared = {all, score_of(all, image), 0, 0, 0, 0};
        pthread_t started[8];
        for (i = 0; i < 8; i++)
            CHECK(pthread_create(&started[i], NULL, bodies[j], &shared) == 0);
        for (i = 0; i < 8; i++)
            pthread_join(started[i], NULL);
        CHECK(shared.wrong == 0);
        CHECK((shared.busy > 0) == (j == 1));
    }
}

enum { MANY = 2000 };

static void *long_batch(void *argument)
{
    static const cfa_image *in[MANY];
    static cfa_verdict *out[MANY];
    struct shared *shared = argument;
    cfa_error mine = cfa_error_new();
    cfa_image image = cfa_image_new(CFA_PIXEL_RGB8, 64, 64, pixels, (size_t)64 * 64 * 3);
    cfa_verdict verdict = cfa_verdict_new();
    size_t i, done = 0;
    for (i = 0; i < MANY; i++)
        in[i] = &image, out[i] = &verdict;
    shared->running = 1;
    if (cfa_session_score_batch(shared->all.session, in, MANY, out, NULL, &done, &mine) ==
            CFA_E_CANCELLED &&
        done < MANY && mine.message_len > 0)
        shared->cancelled++;
    shared->running = 0;
    return NULL;
}

static void cancelling(struct fixture all)
{
    struct shared shared = {all, 0, 0, 0, 0, 0};
    cfa_image image = a_picture();
    pthread_t thread;
    /* With nothing to stop, nothing happens, now or later. */
    cfa_session_cancel(all.session);
    shared.score = score_of(all, image);
    CHECK(pthread_create(&thread, NULL, long_batch, &shared) == 0);
    while (!shared.running)
        sched_yield();
    while (shared.running) {
        cfa_session_cancel(all.session);
        sched_yield();
    }
    pthread_join(thread, NULL);
    CHECK(shared.cancelled == 1);
    CHECK(score_of(all, image) == shared.score);
}

struct seen {
    int calls, stop_at;
    char phases[200];
};

static int32_t watch(void *userdata, cfa_str phase, float fraction)
{
    struct seen *seen = userdata;
    CHECK(phase.len > 0 && (fraction == -1.0f || (fraction >= 0.0f && fraction <= 1.0f)));
    if (strlen(seen->phases) + phase.len + 1 < sizeof seen->phases)
        strncat(seen->phases, phase.data, phase.len);
    return seen->calls++ != seen->stop_at;
}

static void progress(const char **argv, struct fixture all)
{
    struct seen seen = {0, -1, ""};
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    int stop;
    EXPECT(CFA_OK, cfa_options_set_progress(all.options, watch, &seen, &err));
    EXPECT(CFA_OK, cfa_model_open(str(argv[2]), all.options, &model, &err));
    EXPECT(CFA_OK, cfa_session_new(model, all.options, &session, &err));
    CHECK(seen.calls >= 7 && strstr(seen.phases, "opening the network") != NULL);
    cfa_session_free(session);
    cfa_model_free(model);
    /* Each of the calls can stop the opening. */
    for (stop = 0; stop < 7; stop++) {
        cfa_status status;
        seen.calls = 0;
        seen.stop_at = stop;
        model = NULL;
        session = NULL;
        status = cfa_model_open(str(argv[2]), all.options, &model, &err);
        if (status == CFA_OK)
            status = cfa_session_new(model, all.options, &session, &err);
        CHECK(status == CFA_E_CANCELLED && session == NULL && err.message_len > 0);
        cfa_session_free(session);
        cfa_model_free(model);
    }
}

static void texts(struct fixture all)
{
    size_t needed = 0, again = 0;
    char *text;
    EXPECT(CFA_E_BUFFER_TOO_SMALL, cfa_session_info_json(all.session, NULL, 0, &needed, &err));
    text = malloc(needed);
    EXPECT(CFA_E_BUFFER_TOO_SMALL,
           cfa_session_info_json(all.session, text, needed - 1, &again, &err));
    EXPECT(CFA_OK, cfa_session_info_json(all.session, text, needed, &again, &err));
    CHECK(needed == again && strlen(text) + 1 == needed);
    CHECK(strstr(text, "\"provider\":\"cpu\"") != NULL && strstr(text, "\"warnings\":[]") != NULL);
    puts(text);
    free(text);
}

int main(int argc, char **argv)
{
    const char **arguments = (const char **)(void *)argv;
    struct fixture all;
    if (argc != 3)
        return 2;
    all = opened(argv[1], argv[2]);
    any_order_of_freeing(arguments);
    formats_and_regions(all);
    batches(all);
    threads(all);
    cancelling(all);
    texts(all);
    progress(arguments, all);
    closed(all);
    return failures != 0;
}
