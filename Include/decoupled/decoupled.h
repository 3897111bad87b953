/* decoupled.h: semi-supervised semantic segmentation behind one C interface (libdecoupled).
 *
 * Segmenting an image takes five calls; see examples/c/predict.c for the whole program:
 *
 *     dcn_model_open("model.safetensors", &model);
 *     dcn_session_create(model, NULL, &session);
 *     dcn_session_predict(session, &image, &result);
 *     labels = dcn_result_label_map(result, &width, &height);
 *     dcn_result_free(result);
 *
 * Sections: errors, log and threads | images | backends | models | predict | inspect | training step | data sets |
 * object proposals | train and evaluate | weight files. The header needs nothing but the C standard library and works in
 * C99 and C++.
 *
 * Rules that hold everywhere:
 *  - Functions that can fail return an int32_t, DCN_STATUS_OK or another DCN_STATUS_ code; dcn_last_error() then gives one
 *    sentence. On failure outputs are untouched, but for handles, which are set to NULL first. Functions that only read
 *    a property return it directly, and 0, -1, NaN or NULL (as each says) where there is none.
 *  - Nothing here exits, traps or prints.
 *  - A pointer must not be NULL unless it is marked DCN_NULLABLE; a NULL where none may be is answered with
 *    DCN_STATUS_INVALID_ARGUMENT. Freeing NULL does nothing.
 *  - A handle (`dcn_model *` and so on) is freed once by its own function. One that has been freed, or never came from this
 *    library, is recognised: DCN_STATUS_INVALID_ARGUMENT. Handles keep alive what they need: a model may be freed while a
 *    session still uses it.
 *  - What a handle hands out (strings, maps) belongs to the handle and stays valid until the handle is freed.
 *    What the caller hands in is borrowed for the call. Strings are UTF-8 and end with a zero byte.
 *  - Threads: functions may be called from any thread. Models, data sets, proposers, results and reports may be shared by threads. A session,
 *    inspector, step or trainer belongs to one thread at a time: a call while another one is under way returns
 *    DCN_STATUS_STATE, except `..._cancel`. A model that is being changed (dcn_model_set_parameter, dcn_step_apply) must
 *    not be in use: DCN_STATUS_STATE.
 *  - After fork the child may go on with its handles, but for trainers, if no other thread was in the library at that
 *    moment. Its sessions then compute on the calling thread; ones that it makes have threads again.
 *  - Structs with `struct_size` are initialised with their DCN_..._INIT macro. Later releases add members at the end only and
 *    accept the smaller structs of programs compiled before.
 *  - Tensors are row-major without gaps; images are N, C, H, W. Counts of elements are int64_t, all others int32_t.
 */
#ifndef DECOUPLED_H
#define DECOUPLED_H

#include <stddef.h>
#include <stdint.h>

/** Version of this header. */
#define DCN_VERSION_MAJOR 0
#define DCN_VERSION_MINOR 1
#define DCN_VERSION_PATCH 0

#if defined(__clang__)
#define DCN_NULLABLE _Nullable
#define DCN_NONNULL _Nonnull
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin
#else
#define DCN_NULLABLE
#define DCN_NONNULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors, log and threads -------------------------------------------------------------------------------------- */
#ifndef DCN_STATUS_CODES
#define DCN_STATUS_CODES
enum {
  DCN_STATUS_OK = 0,
  DCN_STATUS_INVALID_ARGUMENT = 1, /**< a value the caller handed in is wrong */
  DCN_STATUS_NOT_FOUND = 2,        /**< no file, layer, class or backend of that name */
  DCN_STATUS_IO = 3,               /**< reading or writing failed: permissions, disk full */
  DCN_STATUS_FORMAT = 4,           /**< a file is corrupt, truncated or of an unknown kind */
  DCN_STATUS_UNSUPPORTED = 5,      /**< valid, but this build or backend cannot do it */
  DCN_STATUS_OUT_OF_MEMORY = 6,
  DCN_STATUS_CANCELLED = 7, /**< the caller or a callback asked to stop */
  DCN_STATUS_BACKEND = 8,   /**< a backend could not be loaded or failed */
  DCN_STATUS_STATE = 9,     /**< called in the wrong order or from the wrong thread */
  DCN_STATUS_NUMERIC = 10,  /**< a loss or score became NaN or infinite */
  DCN_STATUS_INTERNAL = 11
};
#endif

/** Version of the library at run time: major * 10000 + minor * 100 + patch. \since 0.1 */
int32_t dcn_version(void);

/** Version of the library at run time as text, "major.minor.patch". Valid until the process ends. \since 0.1 */
const char *dcn_version_string(void);

/** Name of a status code, such as "DCN_STATUS_NOT_FOUND"; "unknown status" for any other number. Valid until the
 *  process ends. \since 0.1 */
const char *dcn_status_name(int32_t status);

/** The sentence about the last failure on this thread: it names the file, layer, value or shape and says what to do.
 *  Never NULL; "" when nothing has failed yet. Valid until the next failure on this thread. \since 0.1 */
const char *dcn_last_error(void);

/** Levels of log lines; the same numbers as in backend.h. */
enum { DCN_LOG_LEVEL_DEBUG = 0, DCN_LOG_LEVEL_INFO = 1, DCN_LOG_LEVEL_WARNING = 2, DCN_LOG_LEVEL_ERROR = 3 };

/** Receives a log line. May be called from any thread, also from several at the same time. The message is valid during
 *  the call. It must not call back into the library. */
typedef void (*dcn_log_callback)(int32_t level, const char *message, void *DCN_NULLABLE user_data);

/** Sends the log of the library and its backends to `callback`; NULL (the default) drops it. Of the whole process: the
 *  last call wins. A line that is under way on another thread may still reach the former callback. \since 0.1 */
void dcn_set_log_callback(dcn_log_callback DCN_NULLABLE callback, void *DCN_NULLABLE user_data);

/** How many threads `requested` stands for in the options below: itself when above 0 (at most 256); for 0 the number in
 *  DECOUPLED_NUM_THREADS, else what processor affinity and the control group's quota allow. At least 1. \since 0.1 */
int32_t dcn_thread_count(int32_t requested);

/* ---- images ------------------------------------------------------------------------------------------------------- */
/** Order of the bytes of a pixel. Alpha of RGBA and BGRA is ignored (cameras leave anything in it). */
enum {
  DCN_FORMAT_RGB = 0,
  DCN_FORMAT_BGR = 1,
  DCN_FORMAT_RGBA = 2,
  DCN_FORMAT_BGRA = 3,
  DCN_FORMAT_GRAY8 = 4
};

/** An image in the caller's memory, 8 bits a channel, the top row first: a camera frame goes in as it is. At most 16384
 *  on a side and 100 million pixels. */
typedef struct dcn_image {
  uint32_t struct_size;
  int32_t format; /**< DCN_FORMAT_ */
  int32_t width;
  int32_t height;
  /** Bytes from one row to the next: 0 = rows follow each other without a gap; negative = the next row lies below in
   *  memory (`pixels` is the top row all the same). Otherwise at least width * bytes per pixel. */
  int64_t row_stride;
  const uint8_t *DCN_NULLABLE pixels;
} dcn_image;

#define DCN_IMAGE_INIT \
  { (uint32_t)sizeof(dcn_image), DCN_FORMAT_RGB, 0, 0, 0, NULL }

/** Reads a JPEG or PNG file as RGB, turned upright as its EXIF block says. Transparent parts are laid over black.
 *  `image` must be initialised with DCN_IMAGE_INIT; it then points to pixels of the library, to be released with
 *  dcn_image_free.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, FORMAT, OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_image_load(const char *path, dcn_image *image);

/** Reads the class ids of a mask exactly as stored: a palette PNG or a grey PNG of at most 8 bits, as DCN_FORMAT_GRAY8.
 *  0 is background, c + 1 class c, 255 void. Memory and failures as dcn_image_load. \since 0.1 */
int32_t dcn_label_map_load(const char *path, dcn_image *labels);

/** Releases the pixels of an image that one of the two functions above has filled, and empties the struct. Pixels that
 *  are the caller's own stay untouched. NULL does nothing. \since 0.1 */
void dcn_image_free(dcn_image *DCN_NULLABLE image);

/** Writes an image as PNG, or as JPEG when the path ends in ".jpg" or ".jpeg". The file appears whole or not at all.
 *  Failures: INVALID_ARGUMENT, IO. \since 0.1 */
int32_t dcn_image_save(const dcn_image *image, const char *path);

/** Writes a label map of `height` rows of `width` bytes as a palette PNG (the colours of PASCAL VOC): viewers show
 *  colours, readers get the ids. The file appears whole or not at all. Failures: INVALID_ARGUMENT, IO. \since 0.1 */
int32_t dcn_label_map_save(const uint8_t *labels, int32_t width, int32_t height, const char *path);

/** Writes `image` with the colours of `labels` mixed in, as dcn_image_save does. `labels` has the size of the image,
 *  rows without gaps. `opacity` is the share of the label's colour, 0 to 1. Failures: INVALID_ARGUMENT, IO. \since
 *  0.1 */
int32_t dcn_overlay_save(const dcn_image *image, const uint8_t *labels, double opacity, const char *path);

/** Colour of a label (0 to 255) in the files above, as 0xRRGGBB; -1 for any other number. \since 0.1 */
int32_t dcn_label_color(int32_t label);

/* ---- backends ----------------------------------------------------------------------------------------------------- */
/** The backends of this machine, as they were when dcn_backends_find was called. */
typedef struct dcn_backends dcn_backends;

/** One backend. Strings belong to the handle they came from. */
typedef struct dcn_backend_info {
  uint32_t struct_size;
  int32_t score; /**< 0 = does not run on this processor, `reference` has 1; the highest is chosen by default */
  const char *DCN_NULLABLE name;
  const char *DCN_NULLABLE variant;
  const char *DCN_NULLABLE version;
  const char *DCN_NULLABLE path; /**< the file it was loaded from; NULL = built in */
} dcn_backend_info;

#define DCN_BACKEND_INFO_INIT \
  { (uint32_t)sizeof(dcn_backend_info), 0, NULL, NULL, NULL, NULL }

/** Looks for backends: those built in, then libdecoupled-backend-*.so in the folders of DECOUPLED_BACKEND_PATH
 *  (separated by ':'), in `decoupled-backends` beside this library, and beside this library. Never in the working
 *  directory. Loaded plugins stay in the process. The handle is the caller's. Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_backends_find(dcn_backends *DCN_NULLABLE *DCN_NONNULL backends);

/** Number of backends found; -1 for a bad handle. \since 0.1 */
int32_t dcn_backends_count(const dcn_backends *backends);

/** Backend number `index`, from 0; `reference` is the first. `info` must be initialised with DCN_BACKEND_INFO_INIT.
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_backends_info(const dcn_backends *backends, int32_t index, dcn_backend_info *info);

/** Number of plugins that were found and could not be loaded; -1 for a bad handle. \since 0.1 */
int32_t dcn_backends_failure_count(const dcn_backends *backends);

/** File of a plugin that could not be loaded; NULL for a bad handle or index. \since 0.1 */
const char *DCN_NULLABLE dcn_backends_failure_path(const dcn_backends *backends, int32_t index);

/** Why it could not be loaded and what to do, one sentence; NULL for a bad handle or index. \since 0.1 */
const char *DCN_NULLABLE dcn_backends_failure_message(const dcn_backends *backends, int32_t index);

/** Releases the list and its strings. NULL does nothing. \since 0.1 */
void dcn_backends_free(dcn_backends *DCN_NULLABLE backends);

/* ---- models ------------------------------------------------------------------------------------------------------- */
/** A network with its weights, its class names and how its input is made. */
typedef struct dcn_model dcn_model;

/** Opens a model file. The weights are mapped, not read: it takes no time and little memory until they are used.
 *  The file must not be changed while the model is open; replacing it by renaming is safe. The handle is the caller's.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, IO, FORMAT, UNSUPPORTED (written by a newer release). \since 0.1 */
int32_t dcn_model_open(const char *path, dcn_model *DCN_NULLABLE *DCN_NONNULL model);

/** Parts of a network, to be added up. */
enum {
  DCN_PART_NONE = 0,
  DCN_PART_CLASSIFICATION = 1, /**< the classification network, trained in phase 1 */
  DCN_PART_SEGMENTATION = 2,   /**< bridging layers and segmentation network, trained in phase 2 */
  DCN_PART_ALL = 3
};

/** Makes a model from a description.
 *  @param description name of a preset ("vgg16" is the paper's network; "vgg16-small", "small", "tiny"), or a JSON
 *    object of settings as dcn_model_description gives it; those left out are the ones of vgg16. The number of classes
 *    is `class_count`.
 *  @param class_names the object classes in the order of the scores; background is not among them. NULL with a count of
 *    0 = as many as the description says, named "class1", "class2"...
 *  @param parts DCN_PART_ bits: whose weights to draw as the description's fillers say. Trainers draw what is missing.
 *  @param seed the same seed gives the same weights
 *  The handle is the caller's. Failures: INVALID_ARGUMENT, FORMAT (the JSON), OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_model_create(const char *description, const char *DCN_NULLABLE const *DCN_NULLABLE class_names,
                         int32_t class_count, int32_t parts, uint64_t seed,
                         dcn_model *DCN_NULLABLE *DCN_NONNULL model);

/** Makes a model like `model` with the weights of a file in the place of its own: a Caffe model, a PyTorch state
 *  dictionary, or safetensors. Tensors are named as dcn_model_parameter_info names them, with or without "weights." in
 *  front, as torchvision names those of a VGG-16 (or VGG-16-BN, which is folded), or as the released Caffe networks name
 *  their layers; others are left out. Weights that the file lacks stay those of `model`; dcn_model_parts tells what is
 *  complete.
 *  @param preprocessing how the network of these weights was fed: "caffe" (BGR minus mean) or "torchvision" (RGB,
 *    normalised). NULL = as the file says when it does, else as the description of `model` says.
 *  `model` is not changed; the handle is the caller's.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, IO, FORMAT (also a tensor of the wrong shape, or none that fits), UNSUPPORTED
 *  (weights that are no real numbers; a pickle that asks for more than tensors, which is not run). \since 0.1 */
int32_t dcn_model_import(const dcn_model *model, const char *path, const char *DCN_NULLABLE preprocessing,
                         dcn_model *DCN_NULLABLE *DCN_NONNULL imported);

/** Makes a larger model that knows `class_names` too: known classes keep their scores, rows of the new ones are drawn
 *  from `seed`, everything else is shared with `model`, the segmentation network knows no classes. Names that are known
 *  are left out. Train phase 1 of the result with a rate of 0 for all but the score layer. The handle is the caller's.
 *  Failures: INVALID_ARGUMENT (also when no name is new), NOT_FOUND (no weights to extend). \since 0.1 */
int32_t dcn_model_extend(const dcn_model *model, const char *DCN_NULLABLE const *DCN_NONNULL class_names,
                         int32_t class_count, uint64_t seed, dcn_model *DCN_NULLABLE *DCN_NONNULL extended);

/** Writes description, class names and weights as one safetensors file. It appears whole or not at all.
 *  Failures: INVALID_ARGUMENT, IO, STATE. \since 0.1 */
int32_t dcn_model_save(const dcn_model *model, const char *path);

/** Releases the handle; memory goes when nothing uses the model any more. NULL does nothing. \since 0.1 */
void dcn_model_free(dcn_model *DCN_NULLABLE model);

/** Number of object classes, background not counted; -1 for a bad handle. \since 0.1 */
int32_t dcn_model_class_count(const dcn_model *model);

/** Name of a class, from 0; NULL for a bad handle or index. Valid until the model is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_model_class_name(const dcn_model *model, int32_t index);

/** Index of a class by name; -1 when there is none, dcn_last_error() then lists those there are. \since 0.1 */
int32_t dcn_model_class_index(const dcn_model *model, const char *name);

/** Height and width of the network's input in pixels; -1 for a bad handle. \since 0.1 */
int32_t dcn_model_input_size(const dcn_model *model);

/** DCN_PART_ bits of the parts whose weights are all there; -1 for a bad handle. Prediction needs both parts. \since
 *  0.1 */
int32_t dcn_model_parts(const dcn_model *model);

/** All settings of the network as JSON; NULL for a bad handle. Valid until the model is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_model_description(const dcn_model *model);

/** The family of the network: "decouplednet", or one of the kinds of network it is compared with. NULL for a bad handle.
 *  Valid until the model is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_model_family(const dcn_model *model);

/** Number of phases in which the family is trained, one after the other; -1 for a bad handle. \since 0.1 */
int32_t dcn_model_phase_count(const dcn_model *model);

/** Name of a phase, from 0: "classification" and "segmentation" for a DecoupledNet. NULL for a bad handle or index. Valid
 *  until the model is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_model_phase_name(const dcn_model *model, int32_t index);

/** Element types; the same numbers as in backend.h. */
enum { DCN_TYPE_FLOAT32 = 1, DCN_TYPE_FLOAT16 = 2, DCN_TYPE_FLOAT64 = 4, DCN_TYPE_INT32 = 7, DCN_TYPE_INT64 = 8 };

/** What a tensor is to its network. */
enum { DCN_ROLE_INPUT = 0, DCN_ROLE_PARAMETER = 1, DCN_ROLE_RESULT = 2 };

/** Name, type and shape of a tensor. The name belongs to the handle it came from. */
typedef struct dcn_tensor_info {
  uint32_t struct_size;
  int32_t element_type; /**< DCN_TYPE_ */
  int32_t role;         /**< DCN_ROLE_ */
  int32_t present;      /**< 1 when it has a value: a parameter that is loaded, an input that is set, a result that was kept */
  int32_t rank;
  int32_t reserved;
  int64_t dims[8]; /**< the first `rank` count */
  int64_t element_count;
  const char *DCN_NULLABLE name;
} dcn_tensor_info;

#define DCN_TENSOR_INFO_INIT \
  { (uint32_t)sizeof(dcn_tensor_info), 0, 0, 0, 0, 0, { 0, 0, 0, 0, 0, 0, 0, 0 }, 0, NULL }

/** Number of weights and statistics the network has, present or not; -1 for a bad handle. \since 0.1 */
int32_t dcn_model_parameter_count(const dcn_model *model);

/** Name and shape of a parameter, from 0 in the order of the layers. `info` must be initialised with
 *  DCN_TENSOR_INFO_INIT. Names are "LAYER.weight", "LAYER.bias", for batch normalisation also "LAYER.running_mean",
 *  "LAYER.running_var"; weights of convolutions are [out, in, kernel, kernel], of transposed ones [in, out, kernel,
 *  kernel].
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_model_parameter_info(const dcn_model *model, int32_t index, dcn_tensor_info *info);

/** As dcn_model_parameter_info, by name. Failures: INVALID_ARGUMENT, NOT_FOUND. \since 0.1 */
int32_t dcn_model_parameter_find(const dcn_model *model, const char *name, dcn_tensor_info *info);

/** Copies a parameter into the caller's memory as float32. `count` must be its number of elements.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND (no such parameter, or it is not present), STATE. \since 0.1 */
int32_t dcn_model_copy_parameter(const dcn_model *model, const char *name, float *values, int64_t count);

/** Replaces a parameter by a copy of the caller's values; the file it came from stays as it is. `count` must be its
 *  number of elements. No call may be using the model.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, STATE, OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_model_set_parameter(dcn_model *model, const char *name, const float *values, int64_t count);

/* ---- predict ------------------------------------------------------------------------------------------------------ */
/** Runs a model on a backend: threads, memory and settings of one user of the model. */
typedef struct dcn_session dcn_session;

/** What was found in one image. */
typedef struct dcn_result dcn_result;

typedef struct dcn_session_options {
  uint32_t struct_size;
  int32_t threads; /**< 0 = as dcn_thread_count(0) says */
  /** Name ("openblas"), or path of a shared object (anything with a '/'); NULL or "auto" = the one with the best score.
   *  Some take a configuration behind a colon ("foreign:blis"). One that is asked for and cannot be used is an error,
   *  never replaced. */
  const char *DCN_NULLABLE backend;
  int32_t images_per_batch; /**< images that go through the classification network together; 0 = 1 */
  int32_t rows_per_chunk;   /**< label passes that run together: bounds the memory; 0 = 4 */
  int32_t plain;            /**< 1 = the procedure of the released code word for word; slower, to compare with */
  int32_t foreground_maps;  /**< 1 = results hold the foreground map of each identified class */
  int32_t activation_maps;  /**< 1 = results hold the class-specific activation map of each identified class */
  float threshold;          /**< a class is identified when its score lies above; 0.5 in the paper */
  /** File for a trace of all calls of the backend, as Chrome's trace events (JSON), for Perfetto. It is written when the
   *  handle is freed; the log gets a table by layer then. NULL = none */
  const char *DCN_NULLABLE trace;
  /** With `verify`: share of the calls, 0 to 1, that are compared besides the first one of each kernel */
  double verify_rate;
  /** 1 = run the backend `reference` beside on samples of the calls. A call that differs, or writes outside of its memory,
   *  fails with BACKEND and names the layer */
  int32_t verify;
  int32_t reserved;
  /** What changes the scores of the labels before the largest decides, in this order: a JSON list whose entries are names,
   *  or objects of "name" and settings, such as [{"name": "guided", "radius": 8}]; docs/refinements.md lists them.
   *  NULL = none */
  const char *DCN_NULLABLE refinements;
} dcn_session_options;

#define DCN_SESSION_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_session_options), 0, NULL, 0, 0, 0, 0, 0, 0.5f, NULL, 0.0, 0, 0, NULL }

/** Makes a session, and packs the weights as its backend wants them, once for all sessions of a model. NULL options are
 *  DCN_SESSION_OPTIONS_INIT. The model is kept alive; it may serve many sessions. The handle is the caller's.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND (weights of the classification part are missing), BACKEND, IO (the trace cannot
 *  be written), OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_session_create(const dcn_model *model, const dcn_session_options *DCN_NULLABLE options,
                           dcn_session *DCN_NULLABLE *DCN_NONNULL session);

/** The backend the session runs on. `info` must be initialised with DCN_BACKEND_INFO_INIT. Failures: INVALID_ARGUMENT.
 *  \since 0.1 */
int32_t dcn_session_backend(const dcn_session *session, dcn_backend_info *info);

/** Segments an image of any size. The image is borrowed for the call, the result is the caller's.
 *  Failures: INVALID_ARGUMENT, STATE (busy on another thread, or phase 2 has not been trained), CANCELLED, BACKEND,
 *  NUMERIC, OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_session_predict(dcn_session *session, const dcn_image *image, dcn_result *DCN_NULLABLE *DCN_NONNULL result);

/** The classes to segment in one image. */
typedef struct dcn_label_set {
  uint32_t struct_size;
  int32_t count; /**< -1 = let the network decide by the threshold */
  const int32_t *DCN_NULLABLE classes; /**< `count` indices of classes, in any order */
} dcn_label_set;

#define DCN_LABEL_SET_INIT \
  { (uint32_t)sizeof(dcn_label_set), -1, NULL }

/** Segments several images. A result does not depend on the other images of the call.
 *  @param images `count` of them, side by side in memory
 *  @param labels NULL, or a label set for each image
 *  @param results room for `count` handles. All are set to NULL first; when the call succeeds each is the caller's.
 *  Failures: as dcn_session_predict. \since 0.1 */
int32_t dcn_session_predict_batch(dcn_session *session, const dcn_image *images, int32_t count,
                                  const dcn_label_set *DCN_NULLABLE labels,
                                  dcn_result *DCN_NULLABLE *DCN_NONNULL results);

/** Scores of the classes for each image, by the classification network alone; phase 2 need not have been trained.
 *  @param scores room for `count` rows of dcn_model_class_count floats
 *  @param score_count number of floats there
 *  Failures: as dcn_session_predict. \since 0.1 */
int32_t dcn_session_classify(dcn_session *session, const dcn_image *images, int32_t count, float *scores,
                             int64_t score_count);

/** Stops the call that is under way on another thread: it returns DCN_STATUS_CANCELLED soon. Does nothing when there is
 *  none; the next call works again. May be called at any time from any thread. Failures: INVALID_ARGUMENT. \since
 *  0.1 */
int32_t dcn_session_cancel(dcn_session *session);

/** Releases the handle. A call under way on another thread still ends as it should. NULL does nothing. \since 0.1 */
void dcn_session_free(dcn_session *DCN_NULLABLE session);

/** Label of each pixel: 0 background, c + 1 class c, height rows of width bytes, the size of the image. NULL for a bad
 *  handle (the sizes stay untouched then). Valid until the result is freed. \since 0.1 */
const uint8_t *DCN_NULLABLE dcn_result_label_map(const dcn_result *result, int32_t *width, int32_t *height);

/** Score of each class of the model, 0 to 1; `count` may be NULL. NULL for a bad handle. Valid until the result is
 *  freed. \since 0.1 */
const float *DCN_NULLABLE dcn_result_scores(const dcn_result *result, int32_t *DCN_NULLABLE count);

/** The identified or given classes, ascending indices; `count` is their number and may be 0. NULL for a bad handle.
 *  Valid until the result is freed. \since 0.1 */
const int32_t *DCN_NULLABLE dcn_result_classes(const dcn_result *result, int32_t *count);

/** Probability of the foreground, 0 to 1, in the pass of identified class number `position` (a position in
 *  dcn_result_classes), height rows of width floats. NULL when the session does not keep these maps, or for a bad
 *  handle or position. Valid until the result is freed. \since 0.1 */
const float *DCN_NULLABLE dcn_result_foreground_map(const dcn_result *result, int32_t position, int32_t *width,
                                                    int32_t *height);

/** Class-specific activation map of identified class number `position`, [channels, height, width]. NULL as
 *  dcn_result_foreground_map. Valid until the result is freed. \since 0.1 */
const float *DCN_NULLABLE dcn_result_activation_map(const dcn_result *result, int32_t position, int32_t *channels,
                                                    int32_t *height, int32_t *width);

/** Releases a result and all it handed out. NULL does nothing. \since 0.1 */
void dcn_result_free(dcn_result *DCN_NULLABLE result);

/* ---- inspect ------------------------------------------------------------------------------------------------------ */
/** A network laid open: run it on tensors, read any value by name. */
typedef struct dcn_inspector dcn_inspector;

/** What is laid open. Inputs, with N images, R label rows, L classes and input size S: */
enum {
  /** Prediction, the plain procedure: "image" [N,3,S,S], "row_to_image" int32 [R] (the image of each label row),
   *  "seeds" [R,L,1,1] (what is back-propagated for each class, 0 for those a row does not ask for: the class's score,
   *  or 1, as the description's `saliency` says). Among the results: "scores" [N,L], "probabilities" [R,2,S,S]. */
  DCN_FORM_PREDICTION = 0,
  /** Phase 1, loss and gradients: "image" [N,3,S,S], "labels" [N,L], "loss_gradient" [1] (1). Dropout is off. */
  DCN_FORM_CLASSIFICATION_LOSS = 1,
  /** Phase 2, loss and gradients, normalisation by the statistics of the batch: "image" [N,3,S,S], "labels" [N,L,1,1],
   *  "mask" int32 [N,S,S] (0, 1, or 255 = ignored), "loss_gradient" [1] (1). R is not used. */
  DCN_FORM_SEGMENTATION_LOSS = 2
};

/** Lays a model open for runs on `images` images and `rows` label rows. Of the options, threads and backend count. The
 *  model is kept alive; the handle is the caller's.
 *  Failures: INVALID_ARGUMENT, BACKEND. \since 0.1 */
int32_t dcn_inspector_create(const dcn_model *model, int32_t form, int32_t images, int32_t rows,
                             const dcn_session_options *DCN_NULLABLE options,
                             dcn_inspector *DCN_NULLABLE *DCN_NONNULL inspector);

/** As dcn_inspector_create, for a form by its name: "prediction", or a phase's name with "_loss" behind it, such as
 *  "segmentation_loss". The numbers of the forms are their places: 0 for the prediction, then the phases.
 *  \since 0.1 */
int32_t dcn_inspector_create_form(const dcn_model *model, const char *form, int32_t images, int32_t rows,
                                  const dcn_session_options *DCN_NULLABLE options,
                                  dcn_inspector *DCN_NULLABLE *DCN_NONNULL inspector);

/** Number of values: inputs, parameters and results; -1 for a bad handle. \since 0.1 */
int32_t dcn_inspector_value_count(const dcn_inspector *inspector);

/** Name, type, shape and role of a value, from 0 in the order of computation. A result is named after its layer; its
 *  second output, such as the switches of a pool, has ".1" behind the name. `info` must be initialised with
 *  DCN_TENSOR_INFO_INIT.
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_inspector_value_info(const dcn_inspector *inspector, int32_t index, dcn_tensor_info *info);

/** As dcn_inspector_value_info, by name. Failures: INVALID_ARGUMENT, NOT_FOUND. \since 0.1 */
int32_t dcn_inspector_value_find(const dcn_inspector *inspector, const char *name, dcn_tensor_info *info);

/** Sets a value to a copy of the caller's, of its own type; it stays until it is set again. Any value but a parameter
 *  may be set: a result that is set is not computed, so that the network is cut there.
 *  @param byte_count size of `values`, which must be that of the tensor
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, STATE, OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_inspector_set(dcn_inspector *inspector, const char *name, const void *values, int64_t byte_count);

/** Forgets a value that was set. Failures: INVALID_ARGUMENT, NOT_FOUND, STATE. \since 0.1 */
int32_t dcn_inspector_unset(dcn_inspector *inspector, const char *name);

/** Computes the named values from the inputs that are set, with the model's parameters, and keeps them for
 *  dcn_inspector_copy until the next run. Runs with the same names and inputs do not compile again.
 *  Failures: INVALID_ARGUMENT (also an input that is needed and not set), NOT_FOUND (a value or weights), STATE,
 *  CANCELLED, BACKEND, OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_inspector_run(dcn_inspector *inspector, const char *DCN_NULLABLE const *DCN_NONNULL names, int32_t count);

/** Copies a value that the last run kept. `byte_count` must be the size of the tensor.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, STATE (the last run did not keep it). \since 0.1 */
int32_t dcn_inspector_copy(dcn_inspector *inspector, const char *name, void *values, int64_t byte_count);

/** Stops a run under way on another thread, as dcn_session_cancel. \since 0.1 */
int32_t dcn_inspector_cancel(dcn_inspector *inspector);

/** Releases the handle. NULL does nothing. \since 0.1 */
void dcn_inspector_free(dcn_inspector *DCN_NULLABLE inspector);

/* ---- training step ------------------------------------------------------------------------------------------------ */
/** Loss, gradients and steps of stochastic gradient descent on the caller's arrays. */
typedef struct dcn_step dcn_step;

/** Phases of the training of a DecoupledNet. In every family the number of a phase is its place, from 1; see
 *  dcn_model_phase_name. */
enum {
  DCN_PHASE_CLASSIFICATION = 1, /**< classification network, on image-level labels */
  DCN_PHASE_SEGMENTATION = 2    /**< bridging layers and segmentation network, on binary masks; the former is fixed */
};

typedef struct dcn_step_options {
  uint32_t struct_size;
  int32_t threads;                  /**< 0 = as dcn_thread_count(0) says */
  const char *DCN_NULLABLE backend; /**< as in dcn_session_options */
  /** What learning rate and weight decay are multiplied by: NULL or "caffe" = those of the authors' files (biases twice
   *  the rate and no decay, all else 1); "uniform" = 1 for everything; otherwise a JSON array of rules on top of the
   *  former, the last that matches wins: [{"pattern": "conv*.weight", "learning_rate": 0, "decay": 1}]. A rate of 0
   *  fixes a parameter. */
  const char *DCN_NULLABLE multipliers;
  double momentum;
  double weight_decay;
  int32_t dropout;  /**< phase 1: 1 = drop out as in training, 0 = off */
  int32_t reserved;
  uint64_t seed;    /**< of dropout */
} dcn_step_options;

#define DCN_STEP_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_step_options), 0, NULL, NULL, 0.9, 5e-4, 0, 0, 1 }

/** Prepares steps on batches of `images` images. The trained parameters of the model are replaced by copies in memory;
 *  all weights must be there. Momentum starts at 0. NULL options are DCN_STEP_OPTIONS_INIT. The model is kept alive;
 *  the handle is the caller's.
 *  Failures: INVALID_ARGUMENT, FORMAT (the rules), NOT_FOUND (weights), STATE, BACKEND, OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_step_create(dcn_model *model, int32_t phase, int32_t images, const dcn_step_options *DCN_NULLABLE options,
                        dcn_step *DCN_NULLABLE *DCN_NONNULL step);

/** As dcn_step_create, for a phase by its name, see dcn_model_phase_name. \since 0.1 */
int32_t dcn_step_create_phase(dcn_model *model, const char *phase, int32_t images,
                              const dcn_step_options *DCN_NULLABLE options, dcn_step *DCN_NULLABLE *DCN_NONNULL step);

/** Computes loss and gradients of a batch; the model stays as it is.
 *  @param images [N,3,S,S], preprocessed
 *  @param labels [N,L]: phase 1: the image-level labels, 0 to 1; phase 2: 1 for the classes of the mask; NULL in phases
 *    of other families that read none
 *  @param masks int32 [N,S,S], 0 background, 1 foreground, 255 ignored; NULL in phase 1
 *  @param loss may be NULL
 *  Failures: INVALID_ARGUMENT, STATE, CANCELLED, BACKEND, NUMERIC (the loss is not finite), OUT_OF_MEMORY. \since
 *  0.1 */
int32_t dcn_step_compute(dcn_step *step, const float *images, const float *DCN_NULLABLE labels,
                         const int32_t *DCN_NULLABLE masks, double *DCN_NULLABLE loss);

/** Changes the model by the gradients of the last dcn_step_compute: v = momentum v + rate (g + decay w), w = w - v,
 *  with rate and decay times the parameter's multipliers. Each computation is applied at most once. No other call may
 *  be using the model.
 *  Failures: INVALID_ARGUMENT, STATE (nothing computed, or the model is in use), NUMERIC. \since 0.1 */
int32_t dcn_step_apply(dcn_step *step, double learning_rate);

/** Number of parameters that are trained; -1 for a bad handle. \since 0.1 */
int32_t dcn_step_parameter_count(const dcn_step *step);

/** Name and shape of a trained parameter, which are those of its gradient and momentum. `info` must be initialised with
 *  DCN_TENSOR_INFO_INIT. Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_step_parameter_info(const dcn_step *step, int32_t index, dcn_tensor_info *info);

/** Copies the last gradient of a parameter. `count` must be its number of elements.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, STATE (nothing computed yet). \since 0.1 */
int32_t dcn_step_copy_gradient(dcn_step *step, const char *name, float *values, int64_t count);

/** Copies the momentum of a parameter. `count` must be its number of elements.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, STATE. \since 0.1 */
int32_t dcn_step_copy_momentum(dcn_step *step, const char *name, float *values, int64_t count);

/** Number of layers that normalise by the statistics of the batch: 0 in phase 1; -1 for a bad handle. \since 0.1 */
int32_t dcn_step_layer_count(const dcn_step *step);

/** Name of such a layer, with the shape [channels]. `info` must be initialised with DCN_TENSOR_INFO_INIT.
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_step_layer_info(const dcn_step *step, int32_t index, dcn_tensor_info *info);

/** Copies mean and biased variance of the last batch at a layer, one value a channel; `count` must be the number of
 *  channels.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, STATE (nothing computed yet). \since 0.1 */
int32_t dcn_step_copy_statistics(dcn_step *step, const char *layer, float *mean, float *variance, int64_t count);

/** Stops a computation under way on another thread, as dcn_session_cancel. \since 0.1 */
int32_t dcn_step_cancel(dcn_step *step);

/** Releases the handle; the model keeps its weights. NULL does nothing. \since 0.1 */
void dcn_step_free(dcn_step *DCN_NULLABLE step);

/* ---- data sets ---------------------------------------------------------------------------------------------------- */
/** Photos with their image-level labels and masks. */
typedef struct dcn_dataset dcn_dataset;

/** Text and numbers about something that was examined. */
typedef struct dcn_report dcn_report;

/** Tells how far a call has come: `done` of `total`. Called on the thread that made the call; not 0 cancels it. */
typedef int32_t (*dcn_count_callback)(int64_t done, int64_t total, void *DCN_NULLABLE user_data);

typedef struct dcn_dataset_options {
  uint32_t struct_size;
  int32_t labels_from_masks; /**< 1 = image-level labels come from the masks instead of the lists */
  const char *DCN_NULLABLE set; /**< the list of items: "train", "val"...; NULL = the usual one, or all images */
  const char *DCN_NULLABLE strong; /**< list (name or path) of items whose masks may be used; NULL = every mask there is */
  const char *DCN_NULLABLE mask_folder; /**< of the VOC layout; NULL = "SegmentationClass" */
  /** Layout: "voc" (devkit), "folder" (images, masks, labels.csv), "sbd", "coco" (instances), "coco-panoptic", "ade20k" or
   *  "labelme"; NULL or "automatic" = whichever the folder fits. */
  const char *DCN_NULLABLE kind;
  /** An official list of training windows, "image mask x1 y1 x2 y2 b1...bL" a line, whose paths begin at the folder; its
   *  items are then those of the data set, and training takes its windows. NULL = none. */
  const char *DCN_NULLABLE list;
  /** VOC layout: folder of SBD, whose masks serve where there is none; adds the sets "train_aug" and "trainval_aug". */
  const char *DCN_NULLABLE extra_masks;
  const uint8_t *DCN_NULLABLE ignored_ids; /**< ids in PNG masks that become void (255) */
  int32_t ignored_id_count;
  int32_t reduce_zero; /**< 1 = id 0 of PNG masks becomes void and every other id one less, as for ADE20K */
  const char *DCN_NULLABLE overlap; /**< COCO: pixels of several objects become "later" (NULL) or "void" */
  const char *DCN_NULLABLE crowd;   /**< COCO: crowds become "void" (NULL) or "object" like others */
} dcn_dataset_options;

#define DCN_DATASET_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_dataset_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL }

/** Opens a data set folder; files are read when they are needed. NULL options are DCN_DATASET_OPTIONS_INIT. The handle is the caller's.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND (no such folder), FORMAT (a list is wrong). \since 0.1 */
int32_t dcn_dataset_open(const char *path, const dcn_dataset_options *DCN_NULLABLE options,
                         dcn_dataset *DCN_NULLABLE *DCN_NONNULL dataset);

/** Number of items; -1 for a bad handle. \since 0.1 */
int32_t dcn_dataset_item_count(const dcn_dataset *dataset);

/** Number of items with image-level labels; -1 for a bad handle. \since 0.1 */
int32_t dcn_dataset_labelled_count(const dcn_dataset *dataset);

/** Number of items with a mask that may be used; -1 for a bad handle. \since 0.1 */
int32_t dcn_dataset_strong_count(const dcn_dataset *dataset);

/** Number of object classes; -1 for a bad handle. \since 0.1 */
int32_t dcn_dataset_class_count(const dcn_dataset *dataset);

/** Name of a class, from 0; NULL for a bad handle or index. Valid until the data set is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_dataset_class_name(const dcn_dataset *dataset, int32_t index);

/** One item. Pointers belong to the data set. */
typedef struct dcn_item {
  uint32_t struct_size;
  int32_t class_count; /**< number of bytes in `labels` */
  const char *DCN_NULLABLE identifier;
  const char *DCN_NULLABLE image_path;
  const char *DCN_NULLABLE mask_path; /**< NULL when it has none that may be used */
  const uint8_t *DCN_NULLABLE labels; /**< for each class 1 = present; NULL when the lists say nothing about it */
} dcn_item;

#define DCN_ITEM_INIT \
  { (uint32_t)sizeof(dcn_item), 0, NULL, NULL, NULL, NULL }

/** Item number `index`, from 0. `item` must be initialised with DCN_ITEM_INIT. Failures: INVALID_ARGUMENT. \since
 *  0.1 */
int32_t dcn_dataset_item(const dcn_dataset *dataset, int32_t index, dcn_item *item);

/** Reads the mask of an item as class ids (0 background, 1... classes, 255 void), whatever file they are made from, as
 *  DCN_FORMAT_GRAY8. `labels` must be initialised with DCN_IMAGE_INIT and is released with dcn_image_free.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND (it has no mask that may be used), IO, FORMAT. \since 0.1 */
int32_t dcn_dataset_item_mask(const dcn_dataset *dataset, int32_t index, dcn_image *labels);

/** Reads every file and reports what is in the set and what is wrong with it; faults of files are part of the report.
 *  Number: "problems". `progress` is told the items done. The report is the caller's.
 *  Failures: INVALID_ARGUMENT, CANCELLED. \since 0.1 */
int32_t dcn_dataset_check(const dcn_dataset *dataset, dcn_count_callback DCN_NULLABLE progress,
                          void *DCN_NULLABLE user_data, dcn_report *DCN_NULLABLE *DCN_NONNULL report);

/** As dcn_dataset_check for all sets that a folder lists, each image once; sets that cannot be opened are problems too. With
 *  `set` in the options only that one. Failures: INVALID_ARGUMENT, NOT_FOUND, FORMAT, CANCELLED. \since 0.1 */
int32_t dcn_dataset_check_folder(const char *path, const dcn_dataset_options *DCN_NULLABLE options,
                                 dcn_count_callback DCN_NULLABLE progress, void *DCN_NULLABLE user_data,
                                 dcn_report *DCN_NULLABLE *DCN_NONNULL report);

/** Counts images, masks and pixels of each class and how often two classes occur together. Number: "images". The report
 *  is the caller's. Failures: INVALID_ARGUMENT, IO, FORMAT, CANCELLED. \since 0.1 */
int32_t dcn_dataset_statistics(const dcn_dataset *dataset, dcn_count_callback DCN_NULLABLE progress,
                               void *DCN_NULLABLE user_data, dcn_report *DCN_NULLABLE *DCN_NONNULL report);

/** Chooses about `per_class` masks for each class (5, 10 or 25 in the paper) and writes the ids of these items as a list for
 *  `strong`; the same seed gives the same items. Failures: INVALID_ARGUMENT, IO, FORMAT. \since 0.1 */
int32_t dcn_dataset_split(const dcn_dataset *dataset, int32_t per_class, uint64_t seed, const char *path);

/** Writes the data set as a tree in the VOC layout, with masks as palette PNG; other sets that are in the tree stay.
 *  Failures: INVALID_ARGUMENT, IO, FORMAT, CANCELLED. \since 0.1 */
int32_t dcn_dataset_write_voc(const dcn_dataset *dataset, const char *set, const char *folder,
                              dcn_count_callback DCN_NULLABLE progress, void *DCN_NULLABLE user_data);

/** Makes the windows of combinatorial cropping (paper, section 5) for all items with a mask and writes them as an official
 *  list, for `list` of the options.
 *  @param cropping JSON object with settings of the cropping, as a configuration's segmentation.cropping; NULL = the paper's
 *  @param root folder that the paths of the list begin at; images and masks must lie in it
 *  @param count the number of lines
 *  Failures: INVALID_ARGUMENT, IO, FORMAT (settings, a damaged photo or mask), CANCELLED. \since 0.1 */
int32_t dcn_dataset_write_crops(const dcn_dataset *dataset, const char *DCN_NULLABLE cropping, uint64_t seed,
                                const char *root, const char *path, dcn_count_callback DCN_NULLABLE progress,
                                void *DCN_NULLABLE user_data, int64_t *count);

/** Compares the label maps `folder`/<id>.png with the masks of all items that have one, as VOC's evaluation does: one
 *  confusion matrix over all images. Numbers as for dcn_evaluation_report. The report is the caller's.
 *  Failures: INVALID_ARGUMENT, IO, FORMAT (a map is missing, of another size or holds an id that is no class), CANCELLED.
 *  \since 0.1 */
int32_t dcn_dataset_evaluate(const dcn_dataset *dataset, const char *folder, dcn_count_callback DCN_NULLABLE progress,
                             void *DCN_NULLABLE user_data, dcn_report *DCN_NULLABLE *DCN_NONNULL report);

/** Counts of pixels by true and predicted class over many label maps, from anywhere. May be shared by threads. */
typedef struct dcn_evaluation dcn_evaluation;

/** Begins an evaluation.
 *  @param class_names `class_count` names, 1 to 254, without background
 *  Failures: INVALID_ARGUMENT, FORMAT (a name is empty or there twice). \since 0.1 */
int32_t dcn_evaluation_create(const char *DCN_NULLABLE const *DCN_NONNULL class_names, int32_t class_count,
                              dcn_evaluation *DCN_NULLABLE *DCN_NONNULL evaluation);

/** Adds one image: `width` * `height` ids each in rows, 0 background, 1... classes; pixels whose truth is 255 do not count.
 *  Nothing is counted on failure.
 *  Failures: INVALID_ARGUMENT, FORMAT (an id is no class; 255 is none in a prediction). \since 0.1 */
int32_t dcn_evaluation_add(dcn_evaluation *evaluation, const uint8_t *truth, const uint8_t *prediction, int32_t width,
                           int32_t height);

/** What has been counted so far. Numbers: "mean_iou" (all classes with background, the paper's), "mean_object_iou" (without
 *  background), "pixel_accuracy", all 0 to 1. The report is the caller's. Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_evaluation_report(const dcn_evaluation *evaluation, dcn_report *DCN_NULLABLE *DCN_NONNULL report);

/** Releases the handle. NULL does nothing. \since 0.1 */
void dcn_evaluation_free(dcn_evaluation *DCN_NULLABLE evaluation);

/** Releases the handle. NULL does nothing. \since 0.1 */
void dcn_dataset_free(dcn_dataset *DCN_NULLABLE dataset);

/** The whole report as a JSON object; NULL for a bad handle. Valid until the report is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_report_json(const dcn_report *report);

/** The report as a table to read; NULL for a bad handle. Valid until the report is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_report_text(const dcn_report *report);

/** A number of the report by name; the function that made the report lists them. NaN when it was not measured, there is
 *  no such name, or for a bad handle. \since 0.1 */
double dcn_report_number(const dcn_report *report, const char *name);

/** Releases a report and its strings. NULL does nothing. \since 0.1 */
void dcn_report_free(dcn_report *DCN_NULLABLE report);

/* ---- object proposals --------------------------------------------------------------------------------------------- */
/** Proposes boxes that are likely to hold whole objects: an edge detector and Edge Boxes (Zitnick and Dollar, ECCV 2014). */
typedef struct dcn_proposer dcn_proposer;

/** A proposed box, inside the image. */
typedef struct dcn_box {
  int32_t x;     /**< column of the left side, from 0 */
  int32_t y;     /**< row of the upper side, from 0 */
  int32_t width; /**< in pixels */
  int32_t height;
  float score; /**< above 0; higher is better */
} dcn_box;

typedef struct dcn_proposer_options {
  uint32_t struct_size;
  int32_t sharpening; /**< of a forest's edges, 0 to 2; -1 = 2, or 0 for a forest without segments */
  /** Structured forest (dcn_forest_train, or OpenCV's model.yml.gz); NULL = plain gradients, which the log says. */
  const char *DCN_NULLABLE forest;
  int32_t multiscale; /**< 1 = average the forest's edges at three scales: better, about five times slower */
  int32_t max_boxes;  /**< most boxes of an image */
  /* The authors' parameters, by their names. */
  double alpha;            /**< overlap of neighbouring windows of the search */
  double beta;             /**< boxes that overlap a better one by more are dropped; above .99 none is */
  double eta;              /**< beta is multiplied by this after each kept box while it lies above .5 */
  double min_score;        /**< least score */
  double edge_min_mag;     /**< weaker edges are left out */
  double edge_merge_thr;   /**< groups grow until their changes of orientation sum up to this times pi */
  double cluster_min_mag;  /**< groups with less magnitude are dissolved */
  double max_aspect_ratio; /**< of the boxes that are tried */
  double min_box_area;     /**< of the boxes that are tried, in pixels */
  double gamma;            /**< sensitivity of the affinity between groups */
  double kappa;            /**< the sum of contours is divided by the size to this power */
} dcn_proposer_options;

#define DCN_PROPOSER_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_proposer_options), -1, NULL, 0, 10000, 0.65, 0.75, 1, 0.01, 0.1, 0.5, 0.5, 3, 1000, 2, 1.5 }

/** Makes a proposer. NULL options are DCN_PROPOSER_OPTIONS_INIT. The handle is the caller's.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, IO, FORMAT, UNSUPPORTED (the forest's file). \since 0.1 */
int32_t dcn_proposer_create(const dcn_proposer_options *DCN_NULLABLE options,
                            dcn_proposer *DCN_NULLABLE *DCN_NONNULL proposer);

/** What finds the edges, in words; NULL for a bad handle. Valid until the proposer is freed. \since 0.1 */
const char *DCN_NULLABLE dcn_proposer_detector(const dcn_proposer *proposer);

/** Finds the edges of an image.
 *  @param thinned 1 = edges stay only where they are strongest across themselves, as boxes need them
 *  @param magnitude [height, width], about 0 to 1
 *  @param orientation [height, width], the direction across the edge, 0 to pi; NULL when it is not wanted
 *  @param count elements of each: width * height
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_proposer_edges(const dcn_proposer *proposer, const dcn_image *image, int32_t thinned, float *magnitude,
                           float *DCN_NULLABLE orientation, int64_t count);

/** Proposes boxes, the best first.
 *  @param boxes room for `capacity` boxes; may be NULL when that is 0
 *  @param count how many boxes there are, which may be more than were written
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_proposer_run(const dcn_proposer *proposer, const dcn_image *image, dcn_box *DCN_NULLABLE boxes,
                         int32_t capacity, int32_t *count);

/** As dcn_proposer_run, from edges that are thinned already. Both are [height, width], orientations 0 to pi.
 *  Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_proposer_run_edges(const dcn_proposer *proposer, const float *magnitude, const float *orientation,
                               int32_t width, int32_t height, dcn_box *DCN_NULLABLE boxes, int32_t capacity,
                               int32_t *count);

/** Releases the handle. NULL does nothing. \since 0.1 */
void dcn_proposer_free(dcn_proposer *DCN_NULLABLE proposer);

/** Whose features a forest is trained on. */
enum { DCN_FEATURES_AUTHORS = 0, DCN_FEATURES_OPENCV = 1 };

typedef struct dcn_forest_options {
  uint32_t struct_size;
  int32_t threads;      /**< 0 = as dcn_thread_count(0) says */
  int32_t features;     /**< DCN_FEATURES_ */
  int32_t trees;        /**< half of them are asked at each place */
  int32_t samples;      /**< patches with an edge, and as many without, of each tree; 1 takes about 15 kB of memory */
  int32_t existing_run; /**< DCN_RUN_: what is done with the trees of a training that was stopped */
  uint64_t seed;        /**< same seed, same forest */
} dcn_forest_options;

#define DCN_FOREST_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_forest_options), 0, DCN_FEATURES_AUTHORS, 8, 40000, 0, 1 }

/** Trains a structured forest on the masks of a data set and writes it; finished trees are kept beside it until all are
 *  there. NULL options are DCN_FOREST_OPTIONS_INIT.
 *  @param path safetensors; OpenCV's YAML when it ends in .yml, .yaml or .gz
 *  @param progress told the finished trees; it is called often
 *  Failures: INVALID_ARGUMENT, FORMAT (a photo or mask cannot be used, or no item has a mask), IO, OUT_OF_MEMORY (too many
 *  samples), STATE (trees of another training are there), CANCELLED. \since 0.1 */
int32_t dcn_forest_train(const dcn_dataset *dataset, const dcn_forest_options *DCN_NULLABLE options, const char *path,
                         dcn_count_callback DCN_NULLABLE progress, void *DCN_NULLABLE user_data);

/* ---- train and evaluate ------------------------------------------------------------------------------------------- */
/** A training run of one phase. */
typedef struct dcn_trainer dcn_trainer;

/** What is done with a run that the directory already holds. */
enum {
  DCN_RUN_REFUSE = 0,   /**< DCN_STATUS_STATE */
  DCN_RUN_RESUME = 1,   /**< it is continued bit for bit from its last checkpoint; without one it begins anew */
  DCN_RUN_OVERWRITE = 2 /**< it is deleted */
};

typedef struct dcn_trainer_options {
  uint32_t struct_size;
  int32_t threads;                  /**< 0 = as dcn_thread_count(0) says */
  const char *DCN_NULLABLE backend; /**< as in dcn_session_options */
  /** JSON object; settings that are left out keep their defaults, unknown ones are an error; docs/settings.md explains
   *  them. Both phases: "seed", "solver" {base_learning_rate, policy, warm_up_iterations, method, momentum,
   *  second_momentum, weight_decay, batch_size, iter_size, maximum_iterations, multipliers, gradient_clipping, caffe},
   *  "augmentation" {resize_to, mirror, square, scale_jitter, colour_jitter}; phase 1 also "labels"; phase 2 also
   *  "cropping" {windows_per_subset, maximum_subsets, enclosed_share, context, whole_image_share, fixed_windows,
   *  proposals}, "conversion" {batches, batch_size, unbiased}. NULL = all defaults. */
  const char *DCN_NULLABLE settings;
  const char *DCN_NULLABLE run_directory; /**< where configuration, metrics and checkpoints go; NULL = nothing is written */
  int32_t existing_run;                   /**< DCN_RUN_ */
  int32_t checkpoint_every;               /**< iterations between checkpoints; 0 = 500 */
  int32_t evaluate_every;                 /**< iterations between evaluations on the validation set; 0 = 500 */
  int32_t record_every;                   /**< iterations between lines of the metrics files; 0 = 1 */
  int32_t whole_images; /**< phase 2: 1 = evaluations also segment the validation images whole and measure the mean IoU */
  int32_t reserved;
  /** With `whole_images`: how they are segmented, a JSON object of threshold, plain, images_per_batch, rows_per_chunk and
   *  refinements, which mean what they do in dcn_session_options. NULL = all defaults */
  const char *DCN_NULLABLE prediction;
} dcn_trainer_options;

#define DCN_TRAINER_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_trainer_options), 0, NULL, NULL, NULL, DCN_RUN_REFUSE, 0, 0, 0, 0, 0, NULL }

/** Prepares a run.
 *  @param model is not changed; weights that it lacks are drawn from the seed. Phase 2 needs a trained classification
 *    part. A run that is resumed goes on from its own checkpoint.
 *  @param phase DCN_PHASE_
 *  @param dataset its classes are matched with the model's by name. Phase 1 uses all items, which need labels, phase 2
 *    those with masks.
 *  @param validation evaluated on now and then; the best model is kept by it. NULL = none
 *  NULL options are DCN_TRAINER_OPTIONS_INIT. The handle is the caller's and keeps alive what it needs.
 *  Failures: INVALID_ARGUMENT, NOT_FOUND, FORMAT (settings or files), IO, STATE (the directory holds a run), BACKEND,
 *  OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_trainer_create(const dcn_model *model, int32_t phase, const dcn_dataset *dataset,
                           const dcn_dataset *DCN_NULLABLE validation, const dcn_trainer_options *DCN_NULLABLE options,
                           dcn_trainer *DCN_NULLABLE *DCN_NONNULL trainer);

/** As dcn_trainer_create, for a phase by its name, see dcn_model_phase_name. \since 0.1 */
int32_t dcn_trainer_create_phase(const dcn_model *model, const char *phase, const dcn_dataset *dataset,
                                 const dcn_dataset *DCN_NULLABLE validation,
                                 const dcn_trainer_options *DCN_NULLABLE options,
                                 dcn_trainer *DCN_NULLABLE *DCN_NONNULL trainer);

enum {
  DCN_STAGE_TRAINING = 0,
  DCN_STAGE_CONVERSION = 1 /**< after phase 2: statistics are measured over training batches, which `iteration` counts */
};

/** What a run tells after each iteration. Numbers that were not measured are NaN. */
typedef struct dcn_progress {
  uint32_t struct_size;
  int32_t phase; /**< DCN_PHASE_ */
  int32_t stage; /**< DCN_STAGE_ */
  int32_t reserved;
  int64_t iteration;          /**< finished iterations */
  int64_t maximum_iterations; /**< when it ends; 0 = unknown */
  double loss;                /**< of this iteration, before its step */
  double smoothed_loss;       /**< exponential average; an iteration weighs 1/20 */
  double learning_rate;
  double gradient_norm;
  double images_per_second;
  double remaining_seconds; /**< estimated, to the end of this stage */
  /** Of the evaluation after this iteration, if there was one; shares from 0 to 1. */
  double validation_loss;        /**< phase 1 */
  double mean_average_precision; /**< phase 1 */
  double pixel_accuracy;         /**< phase 2, of held-out crops */
  double foreground_iou;         /**< phase 2, of held-out crops */
  double mean_iou;               /**< phase 2, of whole images when asked for */
} dcn_progress;

/** Called on the thread that trains, after each iteration. Not 0 cancels the run; it then writes a checkpoint. The
 *  struct is valid during the call. The callback may use the library but not this trainer, except
 *  dcn_trainer_cancel. */
typedef int32_t (*dcn_progress_callback)(const dcn_progress *progress, void *DCN_NULLABLE user_data);

/** Trains to the last iteration; phase 2 then measures the final statistics. Returns when the run has ended. After
 *  DCN_STATUS_CANCELLED a further call goes on where it stopped.
 *  Failures: INVALID_ARGUMENT, STATE, CANCELLED, FORMAT (a photo or mask cannot be used), IO, BACKEND, NUMERIC (the
 *  loss is no longer finite; what the last checkpoint wrote stays), OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_trainer_run(dcn_trainer *trainer, dcn_progress_callback DCN_NULLABLE progress, void *DCN_NULLABLE user_data);

/** Stops the run that is under way on another thread: it writes a checkpoint and returns DCN_STATUS_CANCELLED. May be
 *  called at any time from any thread. Failures: INVALID_ARGUMENT. \since 0.1 */
int32_t dcn_trainer_cancel(dcn_trainer *trainer);

/** Finished iterations, also while a run is under way; -1 for a bad handle. \since 0.1 */
int64_t dcn_trainer_iteration(const dcn_trainer *trainer);

/** The model: the finished one after a complete run, else a copy of the weights as they are now. Later training does
 *  not change it. The handle is the caller's.
 *  Failures: INVALID_ARGUMENT, STATE (a run is under way), OUT_OF_MEMORY. \since 0.1 */
int32_t dcn_trainer_model(dcn_trainer *trainer, dcn_model *DCN_NULLABLE *DCN_NONNULL model);

/** Releases the handle; what was written stays. NULL does nothing. \since 0.1 */
void dcn_trainer_free(dcn_trainer *DCN_NULLABLE trainer);

/** Segments all items of a data set and compares with their masks and labels. Numbers of the report: "mean_iou" (all
 *  classes with background), "mean_object_iou", "pixel_accuracy", "mean_average_precision", shares from 0 to 1;
 *  "images", "masks".
 *  @param true_labels 1 = the image-level labels are given to the network, so that the segmentation alone is measured
 *  @param progress told the images done
 *  The report is the caller's.
 *  Failures: as dcn_session_predict, and FORMAT (a photo or mask cannot be used). \since 0.1 */
int32_t dcn_session_evaluate(dcn_session *session, const dcn_dataset *dataset, int32_t true_labels,
                             dcn_count_callback DCN_NULLABLE progress, void *DCN_NULLABLE user_data,
                             dcn_report *DCN_NULLABLE *DCN_NONNULL report);

/* ---- weight files ------------------------------------------------------------------------------------------------ */
/** How dcn_import takes weights in. */
typedef struct dcn_import_options {
  uint32_t struct_size;
  int32_t half; /**< 1 = store the weights of convolutions in half precision */
  /** The network: a preset, JSON, or the path of a .json description or a deploy .prototxt. NULL = as the file says; a
   *  Caffe model of a DecoupledNet does. */
  const char *DCN_NULLABLE description;
  const char *DCN_NULLABLE const *DCN_NULLABLE class_names; /**< NULL = those of VOC where there are 20, else numbered */
  int32_t class_count;
  int32_t fill; /**< 1 = draw the weights that the file lacks, from `seed`; 0 = they are an error */
  uint64_t seed;
  /** How the weights' network was fed, "caffe" or "torchvision"; needed when neither file nor description says. */
  const char *DCN_NULLABLE preprocessing;
  const char *DCN_NULLABLE mean; /**< a Caffe mean image (.binaryproto); its mean of each channel is subtracted */
  const char *DCN_NULLABLE skip; /**< layers to leave out, with commas: "fc6,fc7" */
} dcn_import_options;

#define DCN_IMPORT_OPTIONS_INIT \
  { (uint32_t)sizeof(dcn_import_options), 0, NULL, NULL, 0, 0, 1, NULL, NULL, NULL }

/** Turns a weight file (as dcn_model_import takes) into a model file, piece by piece: memory does not grow with the
 *  file. A DecoupledNet Caffe model becomes a model without any option. NULL options are DCN_IMPORT_OPTIONS_INIT.
 *  @param output the model file; it appears whole or not at all
 *  @param report what became of each tensor: used, dropped as a copy, not used; and the weights that are missing.
 *    Numbers: "used", "dropped", "unused", "missing". NULL = not wanted. The report is the caller's.
 *  Failures: as dcn_model_import; NOT_FOUND also for weights that the file lacks. \since 0.1 */
int32_t dcn_import(const char *path, const dcn_import_options *DCN_NULLABLE options, const char *output,
                   dcn_report *DCN_NULLABLE *DCN_NULLABLE report);

/** Files that other programs read. */
enum {
  DCN_EXPORT_ONNX_CLASSIFICATION = 0, /**< image to scores, and what a label pass needs */
  DCN_EXPORT_ONNX_LABEL_PASS = 1,     /**< one label pass, from the outputs of the former to probabilities */
  DCN_EXPORT_ONNX = 2,                /**< image to score maps and label map */
  DCN_EXPORT_TORCHVISION = 3,         /**< the classification network: safetensors with torchvision's names */
  DCN_EXPORT_CAFFE = 4                /**< a .caffemodel with the layer names of the released networks */
};

/** Writes a model for other programs. ONNX graphs take batches of one image and have sizes, mean, class names and
 *  palette in their metadata.
 *  @param format DCN_EXPORT_
 *  @param label_passes of DCN_EXPORT_ONNX: classes of an image that are segmented, those with the highest scores; 0 =
 *    all. Ignored otherwise.
 *  The file appears whole or not at all. Failures: INVALID_ARGUMENT, NOT_FOUND and STATE (weights are missing), IO,
 *  UNSUPPORTED (the file would have 2 GiB or more, the limit of ONNX and Caffe files). \since 0.1 */
int32_t dcn_model_export(const dcn_model *model, int32_t format, int32_t label_passes, const char *path);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#pragma clang diagnostic pop
#endif

#endif /* DECOUPLED_H */
