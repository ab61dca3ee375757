/*
 * Four threads inspect the frames of a camera with one model.
 *
 *   camera LIBONNXRUNTIME BUNDLE FRAME.ppm FRAMES
 *
 * The camera is played by a file: a binary portable pixmap (P6), handed out again and
 * again in the layout of a frame grabber, blue first and with padded rows.
 */
#include <cfa.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define ROW_PADDING 24u

struct camera {
    uint32_t width, height;
    size_t stride;
    uint8_t *pixels;
    pthread_mutex_t lock;
    long frames_left;
};

struct worker {
    pthread_t thread;
    struct camera *camera;
    cfa_session *session;
    long inspected;
    float score; /* of the last frame; they are all the same here */
    cfa_error err;
};

static int open_camera(struct camera *camera, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint32_t x, y;
    int rgb[3], ok;
    if (file == NULL || fscanf(file, "P6 %u %u 255", &camera->width, &camera->height) != 2)
        return 0;
    ok = fgetc(file) == '\n';
    camera->stride = (size_t)camera->width * 3 + ROW_PADDING;
    camera->pixels = calloc(camera->height, camera->stride);
    for (y = 0; ok && camera->pixels != NULL && y < camera->height; y++) {
        uint8_t *pixel = camera->pixels + y * camera->stride;
        for (x = 0; ok && x < camera->width; x++, pixel += 3) {
            rgb[0] = fgetc(file);
            rgb[1] = fgetc(file);
            rgb[2] = fgetc(file);
            ok = rgb[2] != EOF;
            pixel[0] = (uint8_t)rgb[2];
            pixel[1] = (uint8_t)rgb[1];
            pixel[2] = (uint8_t)rgb[0];
        }
    }
    fclose(file);
    return ok && camera->pixels != NULL && pthread_mutex_init(&camera->lock, NULL) == 0;
}

/* Waits for the next frame; 0 when the camera was stopped. */
static int next_frame(struct camera *camera)
{
    int more;
    pthread_mutex_lock(&camera->lock);
    more = camera->frames_left > 0;
    camera->frames_left -= more;
    pthread_mutex_unlock(&camera->lock);
    return more;
}

static void *inspect_frames(void *argument)
{
    struct worker *self = argument;
    const struct camera *camera = self->camera;
    cfa_image image = cfa_image_new(CFA_PIXEL_BGR8, camera->width, camera->height, camera->pixels,
                                    camera->stride * camera->height);
    cfa_verdict verdict = cfa_verdict_new();
    image.stride_bytes = camera->stride;
    while (next_frame(self->camera)) {
        if (cfa_session_score(self->session, &image, &verdict, NULL, &self->err) != CFA_OK)
            break;
        self->score = verdict.score;
        self->inspected++;
    }
    return NULL;
}

static cfa_status open_model(char **argv, cfa_options **options, cfa_model **model, cfa_error *err)
{
    cfa_status status = cfa_options_new(options, err);
    if (status == CFA_OK)
        status = cfa_options_set(*options, cfa_str_of("onnxruntime"), cfa_str_of(argv[1]), err);
    /* Four sessions with one thread each use four cores better than one with four. */
    if (status == CFA_OK)
        status = cfa_options_set(*options, cfa_str_of("threads"), cfa_str_of("1"), err);
    if (status == CFA_OK)
        status = cfa_model_open(cfa_str_of(argv[2]), *options, model, err);
    return status;
}

int main(int argc, char **argv)
{
    static struct camera camera;
    static struct worker workers[THREADS];
    cfa_error err = cfa_error_new();
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    int i, started = 0, code = EXIT_SUCCESS;

    if (argc != 5 || !open_camera(&camera, argv[3])) {
        fprintf(stderr, "usage: camera LIBONNXRUNTIME BUNDLE FRAME.ppm FRAMES\n");
        return EXIT_FAILURE;
    }
    camera.frames_left = strtol(argv[4], NULL, 10);
    if (open_model(argv, &options, &model, &err) != CFA_OK) {
        fprintf(stderr, "camera: error %d: %s\n", (int)err.status, err.message);
        code = EXIT_FAILURE;
    }
    for (i = 0; code == EXIT_SUCCESS && i < THREADS; i++) {
        workers[i].camera = &camera;
        workers[i].err = cfa_error_new();
        if (cfa_session_new(model, options, &workers[i].session, &err) != CFA_OK) {
            fprintf(stderr, "camera: error %d: %s\n", (int)err.status, err.message);
            code = EXIT_FAILURE;
        }
    }
    for (i = 0; code == EXIT_SUCCESS && i < THREADS; i++) {
        if (pthread_create(&workers[i].thread, NULL, inspect_frames, &workers[i]) != 0)
            code = EXIT_FAILURE;
        else
            started++;
    }
    for (i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (i = 0; i < started; i++) {
        if (workers[i].err.status != CFA_OK) {
            fprintf(stderr, "camera: thread %d: %s\n", i, workers[i].err.message);
            code = EXIT_FAILURE;
        } else if (workers[i].inspected > 0) {
            printf("score %.9g\n", (double)workers[i].score);
        }
        fprintf(stderr, "thread %d inspected %ld frames\n", i, workers[i].inspected);
    }
    for (i = 0; i < THREADS; i++)
        cfa_session_free(workers[i].session);
    cfa_model_free(model);
    cfa_options_free(options);
    pthread_mutex_destroy(&camera.lock);
    free(camera.pixels);
    return code;
}
