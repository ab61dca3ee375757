/*
 * cfa.h - inspect pictures for anomalies with a CFA model.
 *
 * Made from the library's sources by `cargo xtask header`; do not edit.
 * C11 and C++17, and anything that calls C.
 *
 *
 * WHAT IT IS
 *
 * A bundle (*.cfa) is a trained model in one file. A cfa_model is an open bundle. A
 * cfa_session computes with it: a picture goes in, a score and an anomaly map come out.
 * ONNX Runtime does the computing; it is opened at run time from the file that the option
 * "onnxruntime" names, and is not needed to build or link a program.
 *
 *
 * A PROGRAM
 *
 * //! program.c
 * #include <cfa.h>
 * #include <stdio.h>
 *
 * static int failed(const cfa_error *err)
 * {
 *     fprintf(stderr, "error %d: %s\n", (int)err->status, err->message);
 *     return 1;
 * }
 *
 * int main(void)
 * {
 *     static uint8_t pixels[480][640][3]; // a camera would fill it
 *     cfa_error err = cfa_error_new();
 *     cfa_model *model = NULL;
 *     cfa_session *session = NULL;
 *     cfa_image image = cfa_image_new(CFA_PIXEL_BGR8, 640, 480, pixels, sizeof pixels);
 *     cfa_verdict verdict = cfa_verdict_new();
 *
 *     if (cfa_abi_check(CFA_ABI_VERSION, &err) != CFA_OK ||
 *         cfa_model_open(cfa_str_of("model.cfa"), NULL, &model, &err) != CFA_OK ||
 *         cfa_session_new(model, NULL, &session, &err) != CFA_OK ||
 *         cfa_session_score(session, &image, &verdict, NULL, &err) != CFA_OK) {
 *         return failed(&err);
 *     }
 *     printf("%.9g at %.1f, %.1f\n", (double)verdict.score, verdict.peak_x_px, verdict.peak_y_px);
 *     cfa_session_free(session);
 *     cfa_model_free(model);
 *     return 0;
 * }
 * //! end
 *
 * Build it with `cc program.c $(pkg-config --cflags --libs cfa)`, or with CMake:
 * find_package(cfa) and target_link_libraries(program cfa::cfa).
 *
 *
 * THREADS
 *
 *   cfa_options   one thread at a time ("exclusive"); may be read by several calls at once
 *   cfa_model     never changes; all threads at once ("any thread")
 *   cfa_session   one computing call at a time. Another one meanwhile is not undefined: it
 *                 gets CFA_E_BUSY. cfa_session_cancel and cfa_session_info_json are always
 *                 allowed.
 *   ..._free      last: no other call may be using the handle, or use it later
 *
 * To compute in several threads, share one model and give each thread a session. A session
 * may move to another thread between calls. Nothing depends on the identity of the thread.
 * A fork with a live session is not supported: the child has none of its threads.
 *
 *
 * OWNERSHIP
 *
 * What a ..._new or ..._open function puts out, the matching ..._free function frees, in any
 * order: a session keeps what it needs of its model. NULL may be freed. Everything else is
 * the caller's memory: libcfa reads or writes it during the call and keeps no pointer to it,
 * with one exception, the progress callback and its userdata. A cfa_str that comes out of
 * libcfa lives as long as the process.
 *
 *
 * POINTERS
 *
 * Every pointer is checked for NULL. Where NULL is not allowed the answer is
 * CFA_E_NULL_ARGUMENT. A pointer that is not NULL must lead to as much memory as the function
 * says, aligned for its type, and a handle must be one that has not been freed.
 * struct_size must be the sizeof of the structure, and the fields that are marked "in" must
 * be set; the ..._new functions in this header do both. A structure of another size is
 * refused (CFA_E_BAD_STRUCT_SIZE) and not touched.
 * Nothing may write what a function reads while it runs, and outputs overlap neither inputs
 * nor each other.
 *
 *
 * ERRORS
 *
 * Functions answer CFA_OK or a status code. The last argument, err, says more: it lies in the
 * caller's memory, may be NULL, and needs no freeing. When a function fails, what it would
 * have put out is untouched, but for these: a handle is NULL, `needed` and the size of a map
 * say what would have been enough, and a batch says how far it came.
 * With an err of the wrong struct_size nothing is done at all.
 *
 * No function prints, exits, raises a signal, or changes locale or environment. A fault
 * inside libcfa (a Rust panic) is caught and answered with CFA_E_PANIC. Running out of memory
 * ends the process, as is the rule in Rust; the limits in the options bound what a picture takes.
 * Callbacks must return: no C++ exception and no longjmp may pass through libcfa.
 *
 *
 * NUMBERS
 *
 * Positions and sizes are pixels, x and columns from left to right, y and rows from top to
 * bottom; whole numbers are pixel centres. Scores and map values are raw distances in the
 * unit of the model: comparable between pictures under one model, not between models.
 * Times are nanoseconds of wall time. The same bundle, picture and machine give the same
 * bits with any number of threads, and the same as the program cfa-run.
 *
 *
 * VERSIONS
 *
 * A program built with this header works with every library of the same CFA_ABI_MAJOR and
 * the same or a later CFA_ABI_MINOR; the shared library is libcfa.so.<major>. The library
 * stays in memory after dlclose: its threads, and those of ONNX Runtime, cannot be unloaded.
 */
#ifndef CFA_H
#define CFA_H


#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* For cfa_abi_check. */
#define CFA_ABI_VERSION ((CFA_ABI_MAJOR << 16) | CFA_ABI_MINOR)


// Changes when a program built against an older header no longer works.
#define CFA_ABI_MAJOR 1

// Rises when something is added.
#define CFA_ABI_MINOR 2

// Bytes in the message of a `cfa_error`, with its final NUL.
#define CFA_MESSAGE_CAPACITY 1024

// A checked model in memory: immutable, for all threads.
typedef struct cfa_model cfa_model;

// Settings for opening models and making sessions; used by one thread at a time.
typedef struct cfa_options cfa_options;

// Inspects pictures with a model, one call at a time.
typedef struct cfa_session cfa_session;

// What a function answers: `CFA_OK`, or a code whose hundred is its category.
//
// 1xx the call, 2xx files, 3xx the bundle, 4xx limits and cancellation, 5xx the
// machine that computes, 6xx numbers, 9xx libcfa itself.
// Later versions may add codes; treat one you do not know by its hundred.
typedef int32_t cfa_status;

// Says what went wrong. Lies in the caller's memory; needs no freeing.
typedef struct cfa_error {
    // In: `sizeof(cfa_error)`.
    uint32_t struct_size;
    // Out: what the function answers too; written on success as well.
    cfa_status status;
    // Out: bytes of the message, without its NUL.
    uint32_t message_len;
    // Out: one line of UTF-8, ended by a NUL, cut between characters if too long:
    // what went wrong, where, and what to do. Empty on success.
    char message[CFA_MESSAGE_CAPACITY];
} cfa_error;

// Text: UTF-8, without a NUL, not necessarily ended by one.
//
// Going in, it is only read during the call; `data` may be NULL when `len` is 0.
// Coming out, it lives as long as the process and must not be freed; there it is
// ended by a NUL, which `len` does not count.
typedef struct cfa_str {
    // The first byte.
    const char *data;
    // How many bytes.
    size_t len;
} cfa_str;

// Receives how a long operation goes on. Answers 0 to stop it, anything else to go on.
//
// `phase` is text for people. `fraction` runs from 0 to 1, and is -1 while nobody knows
// how long it takes. Called on the thread that called libcfa, at the start and, unless
// something failed, the end of a phase, and while a network is being opened several times
// a second in between; never after the call has returned. Options that several threads use
// call it from each of them. It must return (no exception, no longjmp) and must not change
// or free the same options.
typedef int32_t (*cfa_progress_fn)(void *userdata, struct cfa_str phase, float fraction);

// How one pixel lies in memory: one of `CFA_PIXEL_...`.
typedef uint32_t cfa_pixel_format;

// A picture in the caller's memory, only read, and only during the call.
//
// Rows run from top to bottom. Pixels in memory carry no orientation and are never turned.
// Needed: `stride_bytes` >= bytes of one row, and
// `data_len` >= (`height_px` - 1) * `stride_bytes` + bytes of one row.
typedef struct cfa_image {
    // `sizeof(cfa_image)`.
    uint32_t struct_size;
    // How one pixel lies in memory.
    cfa_pixel_format format;
    // Columns of the picture, at least 1.
    uint32_t width_px;
    // Rows of the picture, at least 1.
    uint32_t height_px;
    // First column of the region of interest.
    uint32_t roi_x_px;
    // First row of the region of interest.
    uint32_t roi_y_px;
    // Columns of the region of interest; all four fields 0: the whole picture.
    // A region is inspected as if it were a picture of its own.
    uint32_t roi_width_px;
    // Rows of the region of interest.
    uint32_t roi_height_px;
    // Bytes from the start of a row to the start of the next; never negative: copy rows
    // that run from bottom to top first.
    size_t stride_bytes;
    // Bytes that may be read from `data` on.
    size_t data_len;
    // The first pixel of the first row.
    const uint8_t *data;
} cfa_image;

// What is to be done with a part: one of `CFA_DECISION_...`.
typedef uint32_t cfa_decision;

// What is to be known of a picture beside its result: bits of `CFA_REMARK_...`. Later
// versions may set further ones.
typedef uint32_t cfa_remarks;

// What came out for one picture.
typedef struct cfa_verdict {
    // In: `sizeof(cfa_verdict)`.
    uint32_t struct_size;
    // Pass, review, reject, or none without a threshold.
    cfa_decision decision;
    // Columns of the picture (not of its region of interest); of a picture file, after it is
    // turned by the model's orientation rule. Peak and map are in the turned picture, too.
    uint32_t width_px;
    // Rows of the picture.
    uint32_t height_px;
    // Raw score: the largest value of the anomaly map. Finite, at least 0, in the unit
    // of the model; compares pictures under one model only.
    float score;
    // Bits of `CFA_REMARK_...`; 0 when there is nothing to remark.
    cfa_remarks remarks;
    // Share of good parts to expect at this score or above, above 0 and up to 1; -1
    // when the model is not calibrated.
    double p_value;
    // Where the map has its maximum, in columns of the picture; whole numbers are pixel
    // centres. With a region of interest still counted from the picture's first column.
    double peak_x_px;
    // Where the map has its maximum, in rows of the picture.
    double peak_y_px;
    // Nanoseconds of decoding the picture, or of copying it from the caller's memory.
    uint64_t decode_ns;
    // Nanoseconds of resizing and normalising.
    uint64_t preprocess_ns;
    // Nanoseconds of the network.
    uint64_t network_ns;
    // Nanoseconds of the search in the memory bank.
    uint64_t neighbors_ns;
    // Nanoseconds of making the map.
    uint64_t map_ns;
} cfa_verdict;

// In which size a map is given: one of `CFA_MAP_SIZE_...`.
typedef uint32_t cfa_map_size;

// An anomaly map in the caller's memory.
typedef struct cfa_map {
    // In: `sizeof(cfa_map)`.
    uint32_t struct_size;
    // In: which size is wanted.
    cfa_map_size size;
    // Out: columns; also written with `CFA_E_BUFFER_TOO_SMALL`.
    uint32_t width_px;
    // Out: rows; also written with `CFA_E_BUFFER_TOO_SMALL`.
    uint32_t height_px;
    // In: floats that `data` has room for.
    size_t capacity;
    // Out: `height_px` rows of `width_px` values, without gaps; raw, in the unit of the score.
    float *data;
} cfa_map;

// Done.
#define CFA_OK 0

// A pointer that must not be NULL is NULL.
#define CFA_E_NULL_ARGUMENT 100

// An argument is out of range, or arguments do not fit each other.
#define CFA_E_BAD_ARGUMENT 101

// `struct_size` is not the size of the structure in any version this library knows.
#define CFA_E_BAD_STRUCT_SIZE 102

// The caller's buffer is too small; the size it needs has been written.
#define CFA_E_BUFFER_TOO_SMALL 103

// The session is computing for another thread.
#define CFA_E_BUSY 104

// The encoded picture is damaged, or of a kind that is not read.
#define CFA_E_BAD_PICTURE 105

// A file cannot be read.
#define CFA_E_IO 200

// The bundle is not a bundle, or its settings cannot be carried out.
#define CFA_E_BUNDLE_FORMAT 300

// The bundle is damaged, or was changed since it was opened: a digest does not fit.
#define CFA_E_BUNDLE_DIGEST 301

// The bundle is of a format version that this library does not read.
#define CFA_E_BUNDLE_VERSION 303

// Larger than a limit allows, or smaller.
#define CFA_E_LIMIT 400

// Stopped by `cfa_session_cancel` or by the progress callback.
#define CFA_E_CANCELLED 402

// The execution provider is not known or not available.
#define CFA_E_PROVIDER 500

// The results recorded in the bundle are not reproduced on this machine.
#define CFA_E_SELF_TEST 502

// ONNX Runtime is missing, too old, or another one is loaded already.
#define CFA_E_ONNXRUNTIME 503

// ONNX Runtime refused the network, or failed while running it.
#define CFA_E_NETWORK 504

// The network's values are not finite, so there is no score.
#define CFA_E_NONFINITE 600

// Something that should not happen; please report it.
#define CFA_E_INTERNAL 900

// A panic inside the library was caught; please report it. The session it happened
// in can only be freed.
#define CFA_E_PANIC 901

// Header and library do not fit each other.
#define CFA_E_ABI 902

// One byte.
#define CFA_PIXEL_GRAY8 1

// Three bytes: red, green, blue.
#define CFA_PIXEL_RGB8 2

// Three bytes: blue, green, red.
#define CFA_PIXEL_BGR8 3

// Four bytes: red, green, blue, and one that is not looked at.
#define CFA_PIXEL_RGBA8 4

// Four bytes: blue, green, red, and one that is not looked at.
#define CFA_PIXEL_BGRA8 5

// Two bytes in the machine's byte order. White is 65535, or the model's white level, or the
// option `white_level`; larger values are white, too. Data of 10, 12 or 14 bits need a white
// level, or are shifted up before. `data` needs no alignment.
#define CFA_PIXEL_GRAY16 6

// There is no threshold: the model is not calibrated and the options name none.
#define CFA_DECISION_NONE 0

// Like the good parts.
#define CFA_DECISION_PASS 1

// Unusual: somebody should look at it.
#define CFA_DECISION_REVIEW 2

// More unusual than the threshold allows.
#define CFA_DECISION_REJECT 3

// The picture file is damaged: some of its pixels are not what the camera has seen. Set only
// with the option `accept_damaged`; `cfa_session_info_json` says what was found.
#define CFA_REMARK_DAMAGED 1

// The model's own, as `cfa_model_map_size` tells: the values themselves.
#define CFA_MAP_SIZE_MODEL 1

// The size of the picture, or of its region of interest: interpolated, and NaN where the
// model's centre crop left the picture uninspected.
#define CFA_MAP_SIZE_PICTURE 2

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the interface that the library has: compare with `CFA_ABI_VERSION`.
// Any thread.
uint32_t cfa_abi_version(void);

// Whether the library fits the header: same major number, and no older than it.
// Call it first, with `CFA_ABI_VERSION`. Any thread.
cfa_status cfa_abi_check(uint32_t header_version, struct cfa_error *err);

// Version, target, compiler, limits and more of this build, as a JSON object.
// Any thread.
struct cfa_str cfa_build_info_json(void);

// The name of a status code, such as `CFA_E_BUSY`; of a code that is not known, what
// its hundred means. Any thread.
struct cfa_str cfa_status_name(cfa_status status);

// New options with all defaults.
cfa_status cfa_options_new(struct cfa_options **out, struct cfa_error *err);

// Sets one option; both key and value are text. Exclusive.
//
// `onnxruntime`: the file of libonnxruntime; a name without a `/` is sought beside the
// program and by the system's loader. Default: the one that is loaded already, beside
// libcfa, in `../lib` beside it, or by the name `libonnxruntime.so`. The first session
// loads it, and it stays the same until the process ends.
// `provider`: what computes the network: `cpu` (the default), `openvino`, `cuda`, `tensorrt`,
// or `auto` for the first usable one of cuda, openvino and cpu. It computes all of the
// network, or `cfa_session_new` fails with `CFA_E_PROVIDER` and says what is missing;
// `allow_fallback` (`true` or `false`): the processor computes instead, and
// `cfa_session_info_json` says so. All but cpu need an ONNX Runtime built with them.
// `allow_reduced_precision` (`true` or `false`): fewer bits than f32 may be used, which is
// faster and changes scores. `device`: `CPU`, `GPU`, `GPU.1`, `NPU` of openvino, or the
// number of the GPU; `cache_folder`: where networks are kept as they were prepared
// for this machine, else nowhere: the next session is there sooner, and sessions and
// processes share the memory of the weights.
// `head`: what computes distances and map: `host` (the default: libcfa, on the processor) or
// `graph` (the provider, with the network).
// `threads`: 1 to 1024; default: as many as the machine offers.
// `core_affinity`: `managed` (the default: waiting threads of libcfa are kept off the core of
// the calling thread, which is faster in virtual machines) or `untouched` (libcfa sets no
// affinities, for programs that place their threads themselves).
// `threshold`: reject pictures with a raw score above it; `review_threshold`: have those
// above it looked at. Or `false_reject_rate`: reject at most this share of good parts, such
// as 0.01, by the good scores in the bundle; `review_rate`: reject or have looked at so many
// in all. Default for these four: the rule in the bundle, if there is one. Whether they fit
// each other and the bundle, `cfa_session_new` says.
// `accept_damaged` (`true` or `false`, the default): damaged picture files of which the rest
// can be decoded are inspected, and `remarks` of the verdict tells of it; else they are
// refused.
// `max_side_px` (default 65535), `max_pixels` (default 100000000): pictures beyond are
// refused, or regions of interest (`CFA_E_LIMIT`). `max_encoded_bytes`: encoded pictures
// beyond are; default: 8 for each of `max_pixels`, and 1 MiB.
// `white_level`: the sample of 16-bit pictures that is white, 1 to 65535, such as 4095 for
// data of 12 bits; default: as the bundle says. Pictures with 8 bits a sample know none.
//
// A key that is not known is `CFA_E_BAD_ARGUMENT`; a provider that is not there is
// `CFA_E_PROVIDER`.
cfa_status cfa_options_set(struct cfa_options *options,
                           struct cfa_str key,
                           struct cfa_str value,
                           struct cfa_error *err);

// Sets the callback that reports how opening goes on, and may stop it. `userdata` is passed on to it.
// Both must live as long as the options are used. Exclusive.
cfa_status cfa_options_set_progress(struct cfa_options *options,
                                    cfa_progress_fn function,
                                    void *userdata,
                                    struct cfa_error *err);

// Frees options; NULL is fine. Models and sessions do not need them any more.
void cfa_options_free(struct cfa_options *options);

// Opens and checks a bundle file. `options` may be NULL. Any thread.
//
// The file stays open, for sessions read the network from it unless they find it in the
// cache. It may be replaced or removed; written into, it makes new sessions fail.
cfa_status cfa_model_open(struct cfa_str path,
                          const struct cfa_options *options,
                          struct cfa_model **out,
                          struct cfa_error *err);

// Opens a model from the bytes of a bundle file, which are copied. Any thread.
cfa_status cfa_model_open_bytes(const uint8_t *data,
                                size_t data_len,
                                const struct cfa_options *options,
                                struct cfa_model **out,
                                struct cfa_error *err);

// SHA-256 of the bundle file and its whole manifest, as a JSON object.
//
// Writes the text with a final NUL to `buf`, and the bytes it needs with the NUL to
// `needed`. `buf` may be NULL with `capacity` 0, to ask for the size alone: the answer is
// `CFA_E_BUFFER_TOO_SMALL`. Any thread.
cfa_status cfa_model_info_json(const struct cfa_model *model,
                               char *buf,
                               size_t capacity,
                               size_t *needed,
                               struct cfa_error *err);

// Columns and rows of the model's own map, the same for every picture. Any thread.
cfa_status cfa_model_map_size(const struct cfa_model *model,
                              uint32_t *width_px,
                              uint32_t *height_px,
                              struct cfa_error *err);

// Colours map values for people, with the range of colours from the bundle: 3 bytes a
// value, red, green, blue; NaN becomes gray. `rgb_capacity` must be at least 3 * `count`.
// The same colours as `cfa-run predict --save heatmap` for a map in picture size.
// Any thread.
cfa_status cfa_model_heatmap_rgb8(const struct cfa_model *model,
                                  const float *values,
                                  size_t count,
                                  uint8_t *rgb,
                                  size_t rgb_capacity,
                                  struct cfa_error *err);

// Frees a model; NULL is fine. Sessions made from it go on working.
void cfa_model_free(struct cfa_model *model);

// Loads ONNX Runtime if that has not been done, and opens the model's network.
// `options` may be NULL. The memory bank is shared with the model. Any thread.
//
// A session belongs to the process that made it: in a process forked later, every call
// that takes it answers `CFA_E_BAD_ARGUMENT` at once, and `cfa_session_free` frees it. Make
// another session there; models may be used there, too.
cfa_status cfa_session_new(const struct cfa_model *model,
                           const struct cfa_options *options,
                           struct cfa_session **out,
                           struct cfa_error *err);

// Inspects the pictures recorded in the bundle again and compares with the results
// recorded: `CFA_E_SELF_TEST` when this machine computes something else. Call it once
// after installation or start. One thread at a time.
cfa_status cfa_session_self_test(struct cfa_session *session, struct cfa_error *err);

// Who really computes, with how many threads, the ONNX Runtime in use, the bundle's
// digest, under `warnings` what ONNX Runtime warned of and what was odd about the depth of
// pictures (each kind once), and under `damage` what is wrong with the file of the picture
// inspected last (null: nothing), as a JSON object. Buffers as for
// `cfa_model_info_json`. Any thread.
cfa_status cfa_session_info_json(const struct cfa_session *session,
                                 char *buf,
                                 size_t capacity,
                                 size_t *needed,
                                 struct cfa_error *err);

// Inspects one picture in memory. `map_or_null` receives the anomaly map.
// One thread at a time; another one meanwhile gets `CFA_E_BUSY`.
cfa_status cfa_session_score(struct cfa_session *session,
                             const struct cfa_image *image,
                             struct cfa_verdict *verdict,
                             struct cfa_map *map_or_null,
                             struct cfa_error *err);

// Inspects a picture file in memory: PNG, JPEG, BMP, TIFF or WebP, decoded under the
// limits of the session's options, and turned by the EXIF or TIFF orientation that it records
// if the model's rule says so (`preprocessing.orientation` in `cfa_model_info_json`: `exif`,
// which is what `imread` of `OpenCV` does, or `stored`). So the file and a frame that `OpenCV` made
// of it score alike. A damaged file is `CFA_E_BAD_PICTURE` unless the option
// `accept_damaged` is "true"; then `remarks` of the verdict tells of it. The rest is as for
// `cfa_session_score`.
cfa_status cfa_session_score_encoded(struct cfa_session *session,
                                     const uint8_t *data,
                                     size_t data_len,
                                     struct cfa_verdict *verdict,
                                     struct cfa_map *map_or_null,
                                     struct cfa_error *err);

// Inspects `count` pictures, one after the other: the same numbers as one call each,
// and one `cfa_session_cancel` stops them all.
//
// `images`, `verdicts` and, unless NULL, `maps_or_null` are arrays of `count` pointers; a
// map may be NULL. Everything is checked before the first picture is inspected. When one
// fails, the batch ends: `done_or_null` tells how many verdicts have been written, and
// the message which picture it was. One thread at a time.
cfa_status cfa_session_score_batch(struct cfa_session *session,
                                   const struct cfa_image *const *images,
                                   size_t count,
                                   struct cfa_verdict *const *verdicts,
                                   struct cfa_map *const *maps_or_null,
                                   size_t *done_or_null,
                                   struct cfa_error *err);

// Ends the call that is computing in this session, which then answers
// `CFA_E_CANCELLED`, or `CFA_OK` when everything was computed already; nothing happens
// when there is none. The network stops at its next operation. `cfa_session_self_test` is
// not stopped. NULL is fine. Any thread, also while another one computes in the session.
void cfa_session_cancel(const struct cfa_session *session);

// Frees a session; NULL is fine. No call may be computing in it.
void cfa_session_free(struct cfa_session *session);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* A text that ends with a NUL, as this library takes texts; NULL gives the empty text. */
static inline cfa_str cfa_str_of(const char *text)
{
    cfa_str str;
    str.data = text;
    str.len = text != NULL ? strlen(text) : 0;
    return str;
}

/* Ready to be handed to any function. */
static inline cfa_error cfa_error_new(void)
{
    cfa_error err;
    memset(&err, 0, sizeof err);
    err.struct_size = sizeof err;
    return err;
}

/* A whole picture of rows without gaps; change the fields for a stride or a region. */
static inline cfa_image cfa_image_new(cfa_pixel_format format, uint32_t width_px,
                                      uint32_t height_px, const void *data, size_t data_len)
{
    cfa_image image;
    memset(&image, 0, sizeof image);
    image.struct_size = sizeof image;
    image.format = format;
    image.width_px = width_px;
    image.height_px = height_px;
    image.stride_bytes = height_px > 0 ? data_len / height_px : 0;
    image.data_len = data_len;
#ifdef __cplusplus
    image.data = static_cast<const uint8_t *>(data);
#else
    image.data = (const uint8_t *)data;
#endif
    return image;
}

/* Ready to be filled. */
static inline cfa_verdict cfa_verdict_new(void)
{
    cfa_verdict verdict;
    memset(&verdict, 0, sizeof verdict);
    verdict.struct_size = sizeof verdict;
    return verdict;
}

/* A map of the size wanted, over the caller's floats. */
static inline cfa_map cfa_map_new(cfa_map_size size, float *data, size_t capacity)
{
    cfa_map map;
    memset(&map, 0, sizeof map);
    map.struct_size = sizeof map;
    map.size = size;
    map.capacity = capacity;
    map.data = data;
    return map;
}

#endif
