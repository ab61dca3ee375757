/*
 * Loading, using and unloading the library again and again.
 *
 *   unload LIBCFA LIBONNXRUNTIME BUNDLE ROUNDS
 */
#include <cfa.h>

#include "resident.h"

#include <dlfcn.h>

static void *library;

static void *function(const char *name)
{
    void *found = dlsym(library, name);
    if (found == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    return found;
}

/* ISO C has no conversion from objects to functions, POSIX promises it. */
#define LOAD(name)                                                                                 \
    do {                                                                                           \
        void *found = function(#name);                                                             \
        memcpy(&name##_, &found, sizeof found);                                                    \
    } while (0)

static int score_once(char **argv)
{
    cfa_status (*cfa_options_new_)(cfa_options **, cfa_error *);
    cfa_status (*cfa_options_set_)(cfa_options *, cfa_str, cfa_str, cfa_error *);
    cfa_status (*cfa_model_open_)(cfa_str, const cfa_options *, cfa_model **, cfa_error *);
    cfa_status (*cfa_session_new_)(const cfa_model *, const cfa_options *, cfa_session **,
                                   cfa_error *);
    cfa_status (*cfa_session_score_)(cfa_session *, const cfa_image *, cfa_verdict *, cfa_map *,
                                     cfa_error *);
    void (*cfa_session_free_)(cfa_session *);
    void (*cfa_model_free_)(cfa_model *);
    void (*cfa_options_free_)(cfa_options *);
    static uint8_t pixels[64 * 64];
    cfa_error err = cfa_error_new();
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    cfa_image image = cfa_image_new(CFA_PIXEL_GRAY8, 64, 64, pixels, sizeof pixels);
    cfa_verdict verdict = cfa_verdict_new();
    int failed;
    LOAD(cfa_options_new);
    LOAD(cfa_options_set);
    LOAD(cfa_model_open);
    LOAD(cfa_session_new);
    LOAD(cfa_session_score);
    LOAD(cfa_session_free);
    LOAD(cfa_model_free);
    LOAD(cfa_options_free);
    failed = cfa_options_new_(&options, &err) != CFA_OK ||
             cfa_options_set_(options, cfa_str_of("onnxruntime"), cfa_str_of(argv[2]), &err) ||
             cfa_options_set_(options, cfa_str_of("threads"), cfa_str_of("2"), &err) ||
             cfa_model_open_(cfa_str_of(argv[3]), options, &model, &err) ||
             cfa_session_new_(model, options, &session, &err) ||
             cfa_session_score_(session, &image, &verdict, NULL, &err);
    if (failed)
        fprintf(stderr, "%d %s\n", (int)err.status, err.message);
    cfa_session_free_(session);
    cfa_model_free_(model);
    cfa_options_free_(options);
    return failed;
}

int main(int argc, char **argv)
{
    long round, rounds, warm = 0, growth;
    if (argc != 5)
        return 2;
    rounds = strtol(argv[4], NULL, 10);
    for (round = 0; round < rounds; round++) {
        library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 2;
        }
        if (score_once(argv) != 0 || dlclose(library) != 0)
            return 1;
        if (round == 20)
            warm = resident_kib();
    }
    growth = resident_kib() - warm;
    printf("%ld rounds: %ld KiB more than after 20\n", rounds, growth);
    return growth >= 2048;
}
