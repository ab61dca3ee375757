/*
 * Inspecting for weeks keeps the memory flat, in each way of doing it.
 *
 *   flat LIBONNXRUNTIME BUNDLE WAY ROUNDS WARM_UP ALLOWED_KIB
 */
#define _GNU_SOURCE
#include "bitmap.h"
#include "check.h"
#include "resident.h"

#include <string.h>

enum { BATCH = 3, MOST_MAP = 512 * 512 };

static float values[BATCH][MOST_MAP];
static uint8_t colours[3 * MOST_MAP];

static cfa_map a_map(cfa_map_size size, float *room)
{
    return cfa_map_new(size, room, MOST_MAP);
}

static void picture(struct fixture *all)
{
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    EXPECT(CFA_OK, cfa_session_score(all->session, &image, &verdict, NULL, &err));
}

static void encoded(struct fixture *all)
{
    cfa_verdict verdict = cfa_verdict_new();
    EXPECT(CFA_OK, cfa_session_score_encoded(all->session, a_bitmap(), BITMAP_LEN, &verdict, NULL,
                                             &err));
}

static void maps(struct fixture *all)
{
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    cfa_map own = a_map(CFA_MAP_SIZE_MODEL, values[0]);
    cfa_map large = a_map(CFA_MAP_SIZE_PICTURE, values[1]);
    size_t count;
    EXPECT(CFA_OK, cfa_session_score(all->session, &image, &verdict, &own, &err));
    EXPECT(CFA_OK, cfa_session_score_encoded(all->session, a_bitmap(), BITMAP_LEN, &verdict,
                                             &large, &err));
    count = (size_t)large.width_px * large.height_px;
    EXPECT(CFA_OK, cfa_model_heatmap_rgb8(all->model, values[1], count, colours, sizeof colours,
                                          &err));
}

static void batch(struct fixture *all)
{
    cfa_image image = a_picture();
    const cfa_image *images[BATCH];
    cfa_verdict verdicts[BATCH], *to[BATCH];
    cfa_map maps_of[BATCH], *maps_to[BATCH];
    size_t done = 0, i;
    for (i = 0; i < BATCH; i++) {
        verdicts[i] = cfa_verdict_new();
        maps_of[i] = a_map(CFA_MAP_SIZE_PICTURE, values[i]);
        images[i] = &image;
        to[i] = &verdicts[i];
        maps_to[i] = &maps_of[i];
    }
    EXPECT(CFA_OK,
           cfa_session_score_batch(all->session, images, BATCH, to, maps_to, &done, &err));
    CHECK(done == BATCH);
}

/* Every second call a picture that is damaged, cut short, or does not fit its buffer. */
static void errors(struct fixture *all)
{
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    static uint8_t damaged[BITMAP_LEN];
    memcpy(damaged, a_bitmap(), sizeof damaged);
    damaged[14] = 99;
    EXPECT(CFA_E_BAD_PICTURE, cfa_session_score_encoded(all->session, damaged, sizeof damaged,
                                                        &verdict, NULL, &err));
    encoded(all);
    EXPECT(CFA_E_BAD_PICTURE, cfa_session_score_encoded(all->session, a_bitmap(), 200, &verdict,
                                                        NULL, &err));
    picture(all);
    image.data_len = 5;
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_session_score(all->session, &image, &verdict, NULL, &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(all->options, str("none"), str("1"), &err));
}

static void told(struct fixture *all)
{
    static char text[1 << 20];
    size_t needed = 0;
    picture(all);
    cfa_session_cancel(all->session);
    EXPECT(CFA_OK, cfa_session_info_json(all->session, text, sizeof text, &needed, &err));
    EXPECT(CFA_OK, cfa_model_info_json(all->model, text, sizeof text, &needed, &err));
    EXPECT(CFA_OK, cfa_session_self_test(all->session, &err));
}

static void sessions(struct fixture *all)
{
    cfa_session_free(all->session);
    all->session = NULL;
    EXPECT(CFA_OK, cfa_session_new(all->model, all->options, &all->session, &err));
    picture(all);
}

static const struct {
    const char *name;
    void (*round)(struct fixture *all);
} WAYS[] = {{"picture", picture}, {"encoded", encoded}, {"maps", maps},        {"batch", batch},
            {"errors", errors},   {"told", told},       {"sessions", sessions}};

static void (*way_of(const char *name))(struct fixture *all)
{
    size_t i;
    for (i = 0; i < sizeof WAYS / sizeof WAYS[0]; i++)
        if (strcmp(WAYS[i].name, name) == 0)
            return WAYS[i].round;
    exit(2);
}

int main(int argc, char **argv)
{
    long round, rounds, warm_up, allowed, warm = 0, growth;
    struct fixture all;
    void (*way)(struct fixture *all);
    if (argc != 7)
        return 2;
    way = way_of(argv[3]);
    rounds = strtol(argv[4], NULL, 10);
    warm_up = strtol(argv[5], NULL, 10);
    allowed = strtol(argv[6], NULL, 10);
    all = opened(argv[1], argv[2]);
    EXPECT(CFA_OK, cfa_options_set(all.options, str("threads"), str("2"), &err));
    sessions(&all);
    for (round = 0; round < rounds; round++) {
        way(&all);
#ifdef LEAK
        if (malloc(LEAK) == NULL)
            return 2;
#endif
        if (round == warm_up)
            warm = resident_kib();
    }
    growth = resident_kib() - warm;
    closed(all);
    printf("%s, %ld rounds: %ld KiB more than after %ld\n", argv[3], rounds, growth, warm_up);
    CHECK(growth < allowed);
    return failures != 0;
}
