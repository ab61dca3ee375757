/* Scores a picture file and a frame in memory with one session.
 *
 * Arguments: ONNX Runtime, bundle, picture file, file of raw pixels, pixel format, columns,
 * rows, and then keys and values of options. Prints both scores, the sizes, and what the
 * session says of itself. */

#include <cfa.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static cfa_error err;

/* Ends the program when something does not work. */
#define DO(condition)                                                                              \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%d: %s: %s\n", __LINE__, #condition, err.message);                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define OK(call) DO((call) == CFA_OK)

static size_t read_file(const char *path, uint8_t *room, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t len;
    DO(file != NULL);
    len = fread(room, 1, capacity, file);
    DO(len > 0 && len < capacity);
    fclose(file);
    return len;
}

int main(int argc, char **argv)
{
    static uint8_t encoded[1 << 20], pixels[1 << 20];
    static char info[1 << 16];
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    cfa_verdict of_file = cfa_verdict_new(), of_frame = cfa_verdict_new();
    cfa_image frame;
    size_t len, needed = 0;
    int i;
    err = cfa_error_new();
    DO(argc >= 8);
    OK(cfa_options_new(&options, &err));
    OK(cfa_options_set(options, cfa_str_of("onnxruntime"), cfa_str_of(argv[1]), &err));
    for (i = 8; i + 1 < argc; i += 2)
        OK(cfa_options_set(options, cfa_str_of(argv[i]), cfa_str_of(argv[i + 1]), &err));
    OK(cfa_model_open(cfa_str_of(argv[2]), options, &model, &err));
    OK(cfa_session_new(model, options, &session, &err));

    len = read_file(argv[3], encoded, sizeof encoded);
    OK(cfa_session_score_encoded(session, encoded, len, &of_file, NULL, &err));
    len = read_file(argv[4], pixels, sizeof pixels);
    frame = cfa_image_new((cfa_pixel_format)atoi(argv[5]), (uint32_t)atoi(argv[6]),
                          (uint32_t)atoi(argv[7]), pixels, len);
    OK(cfa_session_score(session, &frame, &of_frame, NULL, &err));
    OK(cfa_session_score(session, &frame, &of_frame, NULL, &err));
    OK(cfa_session_info_json(session, info, sizeof info, &needed, &err));
    printf("{\"file\": %.9g, \"frame\": %.9g, \"file_px\": [%u, %u], \"frame_px\": [%u, %u], "
           "\"info\": %s}\n",
           (double)of_file.score, (double)of_frame.score, of_file.width_px, of_file.height_px,
           of_frame.width_px, of_frame.height_px, info);
    cfa_session_free(session);
    cfa_model_free(model);
    cfa_options_free(options);
    return 0;
}
