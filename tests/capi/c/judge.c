/*
 * Prints decision and p-value under any options.
 *
 *   judge LIBONNXRUNTIME BUNDLE PICTURE [KEY=VALUE ...]
 */
#include <cfa.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const decisions[] = {"none", "pass", "review", "reject"};
static uint8_t file[1 << 20];

int main(int argc, char **argv)
{
    cfa_error err = cfa_error_new();
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    cfa_verdict verdict = cfa_verdict_new();
    FILE *picture = argc > 3 ? fopen(argv[3], "rb") : NULL;
    size_t len = picture != NULL ? fread(file, 1, sizeof file, picture) : 0;
    int i, ok = cfa_options_new(&options, &err) == CFA_OK &&
                cfa_options_set(options, cfa_str_of("onnxruntime"), cfa_str_of(argv[1]), &err) ==
                    CFA_OK;
    for (i = 4; ok && i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        cfa_str key = cfa_str_of(argv[i]);
        key.len = value != NULL ? (size_t)(value - argv[i]) : 0;
        ok = value != NULL && cfa_options_set(options, key, cfa_str_of(value + 1), &err) == CFA_OK;
    }
    ok = ok && cfa_model_open(cfa_str_of(argv[2]), options, &model, &err) == CFA_OK &&
         cfa_session_new(model, options, &session, &err) == CFA_OK &&
         cfa_session_score_encoded(session, file, len, &verdict, NULL, &err) == CFA_OK;
    if (ok)
        printf("decision %s\np_value %.17g\n", decisions[verdict.decision], verdict.p_value);
    else
        fprintf(stderr, "error %d: %s\n", (int)err.status, err.message);
    if (picture != NULL)
        fclose(picture);
    cfa_session_free(session);
    cfa_model_free(model);
    cfa_options_free(options);
    return !ok;
}
