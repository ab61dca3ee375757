/*
 * Inspects a picture file and writes its heat map.
 *
 *   inspect LIBONNXRUNTIME BUNDLE PICTURE [HEATMAP.ppm]
 */
#include <cfa.h>

#include <stdio.h>
#include <stdlib.h>

static int failed(const cfa_error *err)
{
    fprintf(stderr, "inspect: error %d: %s\n", (int)err->status, err->message);
    return EXIT_FAILURE;
}

static uint8_t *file_bytes(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long end = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        end = ftell(file);
    if (end > 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)end);
    if (bytes != NULL && fread(bytes, 1, (size_t)end, file) != (size_t)end) {
        free(bytes);
        bytes = NULL;
    }
    if (file != NULL)
        fclose(file);
    *len = bytes != NULL ? (size_t)end : 0;
    return bytes;
}

static void print_verdict(const cfa_verdict *verdict)
{
    static const char *const decisions[] = {"none", "pass", "review", "reject"};
    printf("score %.9g\n", (double)verdict->score);
    printf("peak %.17g %.17g\n", verdict->peak_x_px, verdict->peak_y_px);
    printf("decision %s\n", decisions[verdict->decision & 3u]);
    printf("p_value %.17g\n", verdict->p_value);
    fprintf(stderr, "decode %.3f ms, preprocess %.3f ms, network %.3f ms, search %.3f ms, map %.3f ms\n",
            (double)verdict->decode_ns / 1e6, (double)verdict->preprocess_ns / 1e6,
            (double)verdict->network_ns / 1e6, (double)verdict->neighbors_ns / 1e6,
            (double)verdict->map_ns / 1e6);
}

/* A binary portable pixmap, which most viewers open. */
static int write_ppm(const char *path, const uint8_t *rgb, uint32_t width, uint32_t height)
{
    FILE *file = fopen(path, "wb");
    size_t len = (size_t)width * height * 3;
    int ok = file != NULL && fprintf(file, "P6\n%u %u\n255\n", width, height) > 0 &&
             fwrite(rgb, 1, len, file) == len;
    return file != NULL && fclose(file) == 0 && ok;
}

/* The map is asked for twice: once with no room, to learn its size. */
static int write_heatmap(cfa_session *session, const cfa_model *model, const uint8_t *picture,
                         size_t len, const char *path, cfa_error *err)
{
    cfa_map map = cfa_map_new(CFA_MAP_SIZE_PICTURE, NULL, 0);
    cfa_verdict verdict = cfa_verdict_new();
    float *values;
    uint8_t *rgb;
    int status = cfa_session_score_encoded(session, picture, len, &verdict, &map, err);
    if (status != CFA_E_BUFFER_TOO_SMALL)
        return failed(err);

    map.capacity = (size_t)map.width_px * map.height_px;
    values = malloc(map.capacity * sizeof *values);
    rgb = malloc(map.capacity * 3);
    map.data = values;
    if (values == NULL || rgb == NULL) {
        status = EXIT_FAILURE;
    } else if (cfa_session_score_encoded(session, picture, len, &verdict, &map, err) != CFA_OK ||
               cfa_model_heatmap_rgb8(model, values, map.capacity, rgb, map.capacity * 3, err) !=
                   CFA_OK) {
        status = failed(err);
    } else {
        status = write_ppm(path, rgb, map.width_px, map.height_px) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    free(rgb);
    free(values);
    return status;
}

int main(int argc, char **argv)
{
    cfa_error err = cfa_error_new();
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    cfa_verdict verdict = cfa_verdict_new();
    uint8_t *picture;
    size_t len;
    int code = EXIT_SUCCESS;

    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: inspect LIBONNXRUNTIME BUNDLE PICTURE [HEATMAP.ppm]\n");
        return EXIT_FAILURE;
    }
    picture = file_bytes(argv[3], &len);
    if (picture == NULL) {
        fprintf(stderr, "inspect: cannot read %s\n", argv[3]);
        return EXIT_FAILURE;
    }
    if (cfa_abi_check(CFA_ABI_VERSION, &err) != CFA_OK ||
        cfa_options_new(&options, &err) != CFA_OK ||
        cfa_options_set(options, cfa_str_of("onnxruntime"), cfa_str_of(argv[1]), &err) != CFA_OK ||
        cfa_model_open(cfa_str_of(argv[2]), options, &model, &err) != CFA_OK ||
        cfa_session_new(model, options, &session, &err) != CFA_OK ||
        cfa_session_self_test(session, &err) != CFA_OK ||
        cfa_session_score_encoded(session, picture, len, &verdict, NULL, &err) != CFA_OK) {
        code = failed(&err);
    } else {
        print_verdict(&verdict);
        if (argc == 5)
            code = write_heatmap(session, model, picture, len, argv[4], &err);
    }
    cfa_session_free(session);
    cfa_model_free(model);
    cfa_options_free(options);
    free(picture);
    return code;
}
