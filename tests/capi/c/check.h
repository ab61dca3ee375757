/* What the test programs share: a counter of failures, and a model to play with. */
#ifndef CHECK_H
#define CHECK_H

#include <cfa.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int failures;

#define CHECK(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

/* The call must answer this status, and say so in `err` with a message. */
#define EXPECT(expected, call)                                                                     \
    do {                                                                                           \
        cfa_status answered = (call);                                                              \
        if (answered != (expected)) {                                                              \
            fprintf(stderr, "%s:%d: %d (%s) instead of %d: %s\n", __FILE__, __LINE__,              \
                    (int)answered, err.message, (int)(expected), #call);                           \
            failures++;                                                                            \
        }                                                                                          \
        CHECK(err.status == answered && err.message[err.message_len] == '\0');                     \
        CHECK((answered == CFA_OK) == (err.message_len == 0));                                     \
    } while (0)

static cfa_error err;

struct fixture {
    cfa_options *options;
    cfa_model *model;
    cfa_session *session;
};

static cfa_str str(const char *text)
{
    return cfa_str_of(text);
}

/* Ends the program when not even that works. */
static struct fixture opened(const char *onnxruntime, const char *bundle)
{
    struct fixture all = {NULL, NULL, NULL};
    err = cfa_error_new();
    if (cfa_options_new(&all.options, &err) != CFA_OK ||
        cfa_options_set(all.options, str("onnxruntime"), str(onnxruntime), &err) != CFA_OK ||
        cfa_options_set(all.options, str("threads"), str("1"), &err) != CFA_OK ||
        cfa_model_open(str(bundle), all.options, &all.model, &err) != CFA_OK ||
        cfa_session_new(all.model, all.options, &all.session, &err) != CFA_OK) {
        fprintf(stderr, "cannot begin: %d %s\n", (int)err.status, err.message);
        exit(2);
    }
    return all;
}

static void closed(struct fixture all)
{
    cfa_session_free(all.session);
    cfa_model_free(all.model);
    cfa_options_free(all.options);
}

static _Alignas(16) uint8_t pixels[64 * 64 * 4];

static cfa_image a_picture(void)
{
    size_t i;
    for (i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 7 % 251);
    return cfa_image_new(CFA_PIXEL_RGB8, 64, 64, pixels, (size_t)64 * 64 * 3);
}

#endif
