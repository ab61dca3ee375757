/*
 * Everything a caller can get wrong: NULL for each pointer, structures of each wrong size,
 * enumerations out of range, picture views that do not fit.
 *
 *   misuse LIBONNXRUNTIME BUNDLE
 */
#define _GNU_SOURCE
#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

static cfa_options *const no_options = NULL;
static const cfa_str no_text = {NULL, 1};

static void options_and_null(struct fixture all)
{
    cfa_options *options = NULL;
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_options_new(NULL, &err));
    EXPECT(CFA_OK, cfa_options_new(&options, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_options_set(NULL, str("threads"), str("1"), &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_options_set(options, no_text, str("1"), &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_options_set(options, str("threads"), no_text, &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, cfa_str_of(NULL), str("1"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("thread"), str("1"), &err));
    CHECK(strstr(err.message, "threads") != NULL);
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_options_set_progress(options, NULL, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_options_set_progress(NULL, NULL, NULL, &err));
    cfa_options_free(options);
    cfa_options_free(NULL);
    (void)all;
}

static void option_values(void)
{
    static const char *const bad_threads[] = {"0", "-1", "1025", "99999999999", "two", "", "1 "};
    cfa_options *options = NULL;
    cfa_str text;
    size_t i;
    EXPECT(CFA_OK, cfa_options_new(&options, &err));
    for (i = 0; i < sizeof bad_threads / sizeof *bad_threads; i++)
        EXPECT(CFA_E_BAD_ARGUMENT,
               cfa_options_set(options, str("threads"), str(bad_threads[i]), &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("threads"), str("1024"), &err));
    EXPECT(CFA_E_PROVIDER, cfa_options_set(options, str("provider"), str("abacus"), &err));
    CHECK(strstr(err.message, "cpu") != NULL);
    EXPECT(CFA_OK, cfa_options_set(options, str("provider"), str("auto"), &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("allow_fallback"), str("false"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("allow_fallback"), str("1"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT,
           cfa_options_set(options, str("allow_reduced_precision"), str("yes"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("cache_folder"), str(""), &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("provider"), str("cpu"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("head"), str("gpu"), &err));
    CHECK(strstr(err.message, "host or graph") != NULL);
    EXPECT(CFA_OK, cfa_options_set(options, str("head"), str("host"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("core_affinity"), str("off"), &err));
    CHECK(strstr(err.message, "untouched") != NULL);
    EXPECT(CFA_OK, cfa_options_set(options, str("core_affinity"), str("untouched"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("onnxruntime"), str(""), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("max_pixels"), str("1e6"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("white_level"), str("0"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("white_level"), str("65536"), &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("max_side_px"), str("100"), &err));
    text.data = "threads\0";
    text.len = 8;
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, text, str("1"), &err));
    text.data = "\xff\xfe";
    text.len = 2;
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, text, str("1"), &err));
    text.data = "1";
    text.len = SIZE_MAX;
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_options_set(options, str("threads"), text, &err));
    cfa_options_free(options);
}

/* The ONNX Runtime of these tests is one for the processor alone. */
static void absent_provider(struct fixture all)
{
    cfa_options *options = NULL;
    cfa_session *session = NULL;
    static char text[1 << 14];
    size_t needed = 0;
    EXPECT(CFA_OK, cfa_options_new(&options, &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("provider"), str("cuda"), &err));
    EXPECT(CFA_E_PROVIDER, cfa_session_new(all.model, options, &session, &err));
    CHECK(session == NULL && strstr(err.message, "built without it") != NULL);
    EXPECT(CFA_OK, cfa_options_set(options, str("allow_fallback"), str("true"), &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("head"), str("graph"), &err));
    EXPECT(CFA_OK, cfa_session_new(all.model, options, &session, &err));
    EXPECT(CFA_OK, cfa_session_info_json(session, text, sizeof text, &needed, &err));
    CHECK(strstr(text, "\"provider\":\"cpu\"") != NULL);
    CHECK(strstr(text, "\"refused\":[{\"provider\":\"cuda\"") != NULL);
    CHECK(strstr(text, "\"head\":\"graph\"") != NULL);
    cfa_session_free(session);
    session = NULL;
    EXPECT(CFA_OK, cfa_options_set(options, str("provider"), str("cpu"), &err));
    EXPECT(CFA_OK, cfa_options_set(options, str("device"), str("GPU"), &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_session_new(all.model, options, &session, &err));
    cfa_options_free(options);
}

static void model_and_null(struct fixture all)
{
    cfa_model *model = (cfa_model *)1;
    cfa_session *session = (cfa_session *)1;
    uint32_t width = 7, height = 7;
    size_t needed = 7;
    char buf[8] = "before";
    float value = 0;
    uint8_t rgb[3] = {1, 2, 3};
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_open(str("x"), no_options, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_open(no_text, no_options, &model, &err));
    CHECK(model == NULL);
    model = (cfa_model *)1;
    EXPECT(CFA_E_IO, cfa_model_open(str("/no/such/model.cfa"), all.options, &model, &err));
    CHECK(model == NULL && strstr(err.message, "/no/such/model.cfa") != NULL);
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_model_open(str(""), no_options, &model, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_open_bytes(NULL, 0, no_options, &model, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_open_bytes(rgb, 3, no_options, NULL, &err));
    EXPECT(CFA_E_BUNDLE_FORMAT, cfa_model_open_bytes(rgb, 3, no_options, &model, &err));
    EXPECT(CFA_E_BUNDLE_FORMAT, cfa_model_open_bytes(rgb, 0, no_options, &model, &err));
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_model_open_bytes(rgb, SIZE_MAX, no_options, &model, &err));

    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_info_json(NULL, buf, 8, &needed, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_info_json(all.model, NULL, 8, &needed, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_info_json(all.model, buf, 8, NULL, &err));
    CHECK(needed == 7);
    EXPECT(CFA_E_BUFFER_TOO_SMALL, cfa_model_info_json(all.model, buf, 8, &needed, &err));
    CHECK(needed > 100 && strcmp(buf, "before") == 0);

    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_map_size(NULL, &width, &height, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_map_size(all.model, NULL, &height, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_map_size(all.model, &width, NULL, &err));
    CHECK(width == 7 && height == 7);

    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_heatmap_rgb8(NULL, &value, 1, rgb, 3, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_heatmap_rgb8(all.model, NULL, 1, rgb, 3, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_model_heatmap_rgb8(all.model, &value, 1, NULL, 3, &err));
    EXPECT(CFA_E_BUFFER_TOO_SMALL, cfa_model_heatmap_rgb8(all.model, &value, 1, rgb, 2, &err));
    EXPECT(CFA_E_BAD_ARGUMENT,
           cfa_model_heatmap_rgb8(all.model, &value, SIZE_MAX, rgb, SIZE_MAX, &err));
    EXPECT(CFA_E_BAD_ARGUMENT,
           cfa_model_heatmap_rgb8(all.model, (const float *)(const void *)(pixels + 1), 1, rgb, 3,
                                  &err));
    CHECK(rgb[0] == 1 && rgb[1] == 2 && rgb[2] == 3);

    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_new(NULL, all.options, &session, &err));
    CHECK(session == NULL);
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_new(all.model, all.options, NULL, &err));
    cfa_model_free(NULL);
}

static void session_and_null(struct fixture all)
{
    cfa_image image = a_picture();
    const cfa_image *images[1] = {&image}, *no_image[1] = {NULL};
    cfa_verdict verdict = cfa_verdict_new();
    cfa_verdict *verdicts[1] = {&verdict}, *no_verdict[1] = {NULL};
    cfa_map *no_map[1] = {NULL};
    cfa_map map = cfa_map_new(CFA_MAP_SIZE_MODEL, NULL, 1);
    cfa_session *s = all.session;
    size_t needed = 7, done = 7;
    char buf[8];
    verdict.score = 7;
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_self_test(NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_info_json(NULL, buf, 8, &needed, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_info_json(s, NULL, 8, &needed, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_info_json(s, buf, 8, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score(NULL, &image, &verdict, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score(s, NULL, &verdict, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score(s, &image, NULL, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score(s, &image, &verdict, &map, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score_encoded(NULL, pixels, 9, &verdict, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score_encoded(s, NULL, 9, &verdict, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score_encoded(s, pixels, 9, NULL, NULL, &err));
    EXPECT(CFA_E_BAD_PICTURE, cfa_session_score_encoded(s, pixels, 9, &verdict, NULL, &err));
    EXPECT(CFA_E_BAD_PICTURE, cfa_session_score_encoded(s, pixels, 0, &verdict, NULL, &err));
    EXPECT(CFA_E_NULL_ARGUMENT,
           cfa_session_score_batch(NULL, images, 1, verdicts, NULL, &done, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score_batch(s, NULL, 1, verdicts, NULL, &done, &err));
    EXPECT(CFA_E_NULL_ARGUMENT, cfa_session_score_batch(s, images, 1, NULL, NULL, &done, &err));
    EXPECT(CFA_E_NULL_ARGUMENT,
           cfa_session_score_batch(s, no_image, 1, verdicts, NULL, &done, &err));
    CHECK(strstr(err.message, "picture 0") != NULL && done == 0);
    EXPECT(CFA_E_NULL_ARGUMENT,
           cfa_session_score_batch(s, images, 1, no_verdict, NULL, &done, &err));
    EXPECT(CFA_E_BAD_ARGUMENT,
           cfa_session_score_batch(s, images, SIZE_MAX, verdicts, NULL, &done, &err));
    CHECK(verdict.score == 7.0f && verdict.network_ns == 0);
    EXPECT(CFA_OK, cfa_session_score_batch(s, images, 1, verdicts, no_map, NULL, &err));
    EXPECT(CFA_OK, cfa_session_score_batch(s, images, 0, verdicts, NULL, &done, &err));
    cfa_session_cancel(NULL);
    cfa_session_free(NULL);
    /* err itself may be NULL everywhere. */
    CHECK(cfa_session_score(s, &image, &verdict, NULL, NULL) == CFA_OK);
    CHECK(cfa_session_score(s, NULL, &verdict, NULL, NULL) == CFA_E_NULL_ARGUMENT);
    CHECK(cfa_abi_check(CFA_ABI_VERSION, NULL) == CFA_OK);
}

/* A wrong size is `delta` from the right one, or 0. */
static void sizes_in_other_calls(struct fixture all, uint32_t delta, int zero)
{
    float room[4];
    cfa_image images[2] = {a_picture(), a_picture()};
    cfa_verdict verdicts[2] = {cfa_verdict_new(), cfa_verdict_new()};
    cfa_map maps[2] = {cfa_map_new(CFA_MAP_SIZE_MODEL, room, 4),
                       cfa_map_new(CFA_MAP_SIZE_MODEL, room, 4)};
    const cfa_image *in[2] = {&images[0], &images[1]};
    cfa_verdict *out[2] = {&verdicts[0], &verdicts[1]};
    cfa_map *map_out[2] = {&maps[0], &maps[1]};
    uint32_t *sizes[] = {&images[1].struct_size, &verdicts[1].struct_size, &maps[1].struct_size};
    size_t j, done = 7;
    for (j = 0; j < 3; j++) {
        const uint32_t right = *sizes[j];
        *sizes[j] = zero ? 0 : right + delta;
        EXPECT(CFA_E_BAD_STRUCT_SIZE,
               cfa_session_score_batch(all.session, in, 2, out, map_out, &done, &err));
        CHECK(done == 0 && strstr(err.message, "picture 1") != NULL);
        if (j > 0)
            EXPECT(CFA_E_BAD_STRUCT_SIZE, cfa_session_score_encoded(all.session, pixels, 9,
                                                                    out[1], map_out[1], &err));
        *sizes[j] = right;
    }
    CHECK(verdicts[0].network_ns == 0 && verdicts[1].network_ns == 0);
    CHECK(maps[0].width_px == 0 && maps[1].width_px == 0);
}

static void structure_sizes(struct fixture all)
{
    static const uint32_t deltas[] = {(uint32_t)-1, 1, 4, 1000, 0x7fffffff, 0x80000000u};
    size_t i;
    for (i = 0; i <= sizeof deltas / sizeof *deltas; i++) {
        float room[4];
        cfa_image image = a_picture();
        cfa_verdict verdict = cfa_verdict_new();
        cfa_map map = cfa_map_new(CFA_MAP_SIZE_MODEL, room, 4);
        cfa_error wrong = cfa_error_new();
        uint32_t *sizes[] = {&image.struct_size, &verdict.struct_size, &map.struct_size,
                             &wrong.struct_size};
        size_t j;
        for (j = 0; j < 4; j++) {
            const uint32_t right = *sizes[j];
            *sizes[j] = i == 0 ? 0 : right + deltas[i - 1];
            if (j < 3) {
                EXPECT(CFA_E_BAD_STRUCT_SIZE,
                       cfa_session_score(all.session, &image, &verdict, &map, &err));
            } else {
                CHECK(cfa_session_score(all.session, &image, &verdict, &map, &wrong) ==
                      CFA_E_BAD_STRUCT_SIZE);
                CHECK(cfa_abi_check(CFA_ABI_VERSION, &wrong) == CFA_E_BAD_STRUCT_SIZE);
                CHECK(wrong.status == 0 && wrong.message[0] == '\0');
            }
            *sizes[j] = right;
        }
        CHECK(verdict.network_ns == 0 && map.width_px == 0);
        sizes_in_other_calls(all, i == 0 ? 0 : deltas[i - 1], i == 0);
    }
}

static void enumerations(struct fixture all)
{
    static const uint32_t none[] = {0, 7, 8, 255, 0x7fffffff, 0x80000000u, 0xffffffffu};
    float room[64 * 64];
    size_t i;
    for (i = 0; i < sizeof none / sizeof *none; i++) {
        cfa_image image = a_picture();
        cfa_verdict verdict = cfa_verdict_new();
        cfa_map map = cfa_map_new(none[i], room, 64 * 64);
        EXPECT(CFA_E_BAD_ARGUMENT, cfa_session_score(all.session, &image, &verdict, &map, &err));
        image.format = none[i];
        EXPECT(CFA_E_BAD_ARGUMENT, cfa_session_score(all.session, &image, &verdict, NULL, &err));
    }
    EXPECT(CFA_OK, cfa_abi_check(cfa_abi_version(), &err));
    EXPECT(CFA_E_ABI, cfa_abi_check(0, &err));
    EXPECT(CFA_E_ABI, cfa_abi_check(CFA_ABI_VERSION + 1, &err));
    EXPECT(CFA_E_ABI, cfa_abi_check((CFA_ABI_MAJOR + 1) << 16, &err));
    EXPECT(CFA_E_ABI, cfa_abi_check(0xffffffffu, &err));
    for (i = 0; i < 2000; i++) {
        cfa_str name = cfa_status_name((cfa_status)i - 1000);
        CHECK(name.data != NULL && strlen(name.data) == name.len && name.len > 0);
    }
    CHECK(cfa_status_name(INT32_MIN).len > 0 && cfa_status_name(INT32_MAX).len > 0);
    CHECK(strcmp(cfa_status_name(CFA_E_BUSY).data, "CFA_E_BUSY") == 0);
    CHECK(cfa_build_info_json().data[0] == '{');
}

/* `len` bytes that end where unreadable memory begins. */
static uint8_t *before_guard_page(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (len + page - 1) / page * page;
    uint8_t *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE) != 0)
        exit(2);
    return memory + room - len;
}

static void view(struct fixture all, cfa_status expected, cfa_image image)
{
    cfa_verdict verdict = cfa_verdict_new();
    EXPECT(expected, cfa_session_score(all.session, &image, &verdict, NULL, &err));
}

/* Preparing these would take many times their memory. */
static void long_views(struct fixture all)
{
    const size_t len = 30000000;
    uint8_t *data = calloc(len, 1);
    cfa_image high = cfa_image_new(CFA_PIXEL_GRAY8, 1, 30000000, data, len), image;
    cfa_image wide = cfa_image_new(CFA_PIXEL_GRAY8, 30000000, 1, data, len);
    cfa_verdict verdict = cfa_verdict_new();
    const cfa_image *in[1] = {&high};
    cfa_verdict *out[1] = {&verdict};
    if (data == NULL)
        exit(2);
    view(all, CFA_E_LIMIT, high);
    view(all, CFA_E_LIMIT, wide);
    EXPECT(CFA_E_LIMIT, cfa_session_score_batch(all.session, in, 1, out, NULL, NULL, &err));
    /* What is inspected counts, not what lies around it. */
    image = wide, image.roi_x_px = 29999000, image.roi_width_px = 1000, image.roi_height_px = 1;
    view(all, CFA_OK, image);
    image.roi_x_px = 0, image.roi_width_px = 65536;
    view(all, CFA_E_LIMIT, image);
    free(data);
}

static void views(struct fixture all)
{
    cfa_image dot = cfa_image_new(CFA_PIXEL_GRAY8, 1, 1, pixels, 1);
    static const uint32_t bytes[] = {1, 3, 3, 4, 4, 2};
    uint32_t format;
    view(all, CFA_OK, dot);
    long_views(all);
    for (format = CFA_PIXEL_GRAY8; format <= CFA_PIXEL_GRAY16; format++) {
        size_t row = (size_t)33 * bytes[format - 1], stride = row + 5;
        /* The last row ends without its padding. */
        size_t len = 19 * stride + row;
        uint8_t *data = before_guard_page(len);
        cfa_image right = cfa_image_new(format, 33, 20, data, len), image;
        right.stride_bytes = stride;
        view(all, CFA_OK, right);

        image = right, image.data_len--;
        view(all, CFA_E_BAD_ARGUMENT, image);
        CHECK(strstr(err.message, "the buffer holds") != NULL);
        image = right, image.data_len = 0;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.stride_bytes = row - 1;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.stride_bytes = 0;
        view(all, CFA_E_BAD_ARGUMENT, image);
        /* Rows from bottom to top, in 64 and in 32 bits. */
        image = right, image.stride_bytes = (size_t)0 - stride;
        view(all, CFA_E_BAD_ARGUMENT, image);
        CHECK(strstr(err.message, "stride_bytes is -") != NULL);
        CHECK(strstr(err.message, "negative stride") != NULL);
        image.stride_bytes = (uint32_t)0 - (uint32_t)stride;
        view(all, CFA_E_BAD_ARGUMENT, image);
        CHECK(strstr(err.message, "negative stride") != NULL);
        image = right, image.stride_bytes = SIZE_MAX / 19 + 2;
        view(all, CFA_E_BAD_ARGUMENT, image);
        CHECK(strstr(err.message, "larger than any memory") != NULL);
        image = right, image.width_px = 0;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.height_px = 0;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.width_px = 0, image.height_px = 0;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.width_px = UINT32_MAX;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.height_px = UINT32_MAX;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.width_px = image.height_px = UINT32_MAX;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image.stride_bytes = (size_t)UINT32_MAX * 4;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.data_len = SIZE_MAX;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.data = NULL;
        view(all, CFA_E_NULL_ARGUMENT, image);

        /* One row may have any stride. */
        image = right, image.height_px = 1, image.data_len = row, image.stride_bytes = SIZE_MAX;
        image.data = data + len - row;
        view(all, CFA_OK, image);

        image = right, image.roi_x_px = 0, image.roi_width_px = 33, image.roi_height_px = 20;
        view(all, CFA_OK, image);
        image = right, image.roi_x_px = 32, image.roi_y_px = 19;
        image.roi_width_px = image.roi_height_px = 1;
        view(all, CFA_OK, image);
        image.roi_width_px = 2;
        view(all, CFA_E_BAD_ARGUMENT, image);
        /* Beyond the picture, though not beyond the memory. */
        image.roi_y_px = 0;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image.roi_width_px = UINT32_MAX;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image.roi_width_px = 1, image.roi_height_px = UINT32_MAX;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.roi_x_px = UINT32_MAX, image.roi_width_px = 2;
        image.roi_height_px = 1;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.roi_width_px = 1;
        view(all, CFA_E_BAD_ARGUMENT, image);
        image = right, image.roi_x_px = 1;
        view(all, CFA_E_BAD_ARGUMENT, image);
    }
}

static void maps(struct fixture all)
{
    uint32_t width = 0, height = 0;
    cfa_image image = a_picture();
    cfa_verdict verdict = cfa_verdict_new();
    size_t count, i;
    float *values;
    cfa_map map;
    EXPECT(CFA_OK, cfa_model_map_size(all.model, &width, &height, &err));
    count = (size_t)width * height;
    values = (float *)(void *)before_guard_page(count * sizeof *values);
    map = cfa_map_new(CFA_MAP_SIZE_MODEL, values, count - 1);
    EXPECT(CFA_E_BUFFER_TOO_SMALL,
           cfa_session_score(all.session, &image, &verdict, &map, &err));
    CHECK(map.width_px == width && map.height_px == height && verdict.network_ns == 0);
    for (i = 0; i < count; i++)
        values[i] = -1.0f;
    map.capacity = count;
    EXPECT(CFA_OK, cfa_session_score(all.session, &image, &verdict, &map, &err));
    for (i = 0; i < count && values[i] != verdict.score; i++)
        CHECK(values[i] >= 0.0f && values[i] < verdict.score);
    CHECK(i < count);
    map.data = (float *)(void *)(pixels + 1);
    EXPECT(CFA_E_BAD_ARGUMENT, cfa_session_score(all.session, &image, &verdict, &map, &err));
}

/* The end of a message must not cut a character in two. */
static void long_messages(void)
{
    static char path[4000];
    cfa_model *model;
    size_t shift, i;
    for (shift = 0; shift < 4; shift++) {
        memset(path, 'a', shift);
        for (i = shift; i + 4 < sizeof path; i += 4)
            memcpy(path + i, "\xf0\x9f\x98\x80", 4);
        path[i] = '\0';
        EXPECT(CFA_E_IO, cfa_model_open(str(path), NULL, &model, &err));
        CHECK(err.message_len >= CFA_MESSAGE_CAPACITY - 4 && err.message_len < CFA_MESSAGE_CAPACITY);
        CHECK(strlen(err.message) == err.message_len);
        CHECK((err.message_len - shift) % 4 == 0);
    }
}

int main(int argc, char **argv)
{
    struct fixture all;
    if (argc != 3)
        return 2;
    all = opened(argv[1], argv[2]);
    options_and_null(all);
    option_values();
    absent_provider(all);
    model_and_null(all);
    session_and_null(all);
    structure_sizes(all);
    enumerations(all);
    views(all);
    maps(all);
    long_messages();
    closed(all);
    return failures != 0;
}
