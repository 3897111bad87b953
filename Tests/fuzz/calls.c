/* Calls of every function of decoupled.h in any order with any arguments, as the input says: handles that are right, wrong,
 * freed or invented, absurd numbers, strings that are none. Pointers to memory are valid, as C demands, or NULL. */
#include <math.h>

#include "fuzz.h"

/* ---- arguments, read from the input ------------------------------------------------------------------------------------ */
static const uint8_t *input;
static size_t left;

static uint32_t byte(void) {
  if (!left) return 0;
  left--;
  return *input++;
}

static uint32_t word(void) {
  uint32_t high = byte();
  return high << 8 | byte();
}

static int32_t number(void) {
  static const int32_t interesting[] = {0, 1, 2, 3, -1, 7, 32, 255, 256, 1000000, 1000001, INT32_MAX, INT32_MIN, 1 << 20, -2, 5};
  uint32_t kind = byte();
  return kind < 128 ? (int32_t)(kind % 4) : kind < 240 ? interesting[kind % 16] : (int32_t)(word() << 16 | word());
}

static double real(void) {
  static const double interesting[] = {0, 0.5, 1, -1, 1e-300, 1e300, INFINITY, -INFINITY, NAN, 0.1};
  return interesting[byte() % 10];
}

static const char *text(void) {
  static const char *const known[] = {
      "reference", "nonsense", "tiny", "scores", "fc6.weight", "fc6.bias", "image", "labels", "loss", "loss_gradient", "seeds",
      "row_to_image", "mask", "", "square", "\xff\xfe", "conv1_1.weight", "uniform", "problems", "mean_iou", "caffe", "vgg16",
      "{}", "{\"preset\": \"tiny\", \"classes\": 3}", "[{\"pattern\": \"*\", \"learning_rate\": 0.5}]", "train", "/", "..",
      "{\"solver\": {\"maximum_iterations\": 2, \"batch_size\": 1}}", "probabilities", "pool1.1", "class1"};
  static char made[4][128];
  static int next;
  uint32_t kind = byte();
  size_t i, size;
  char *text;
  if (kind < 4) return NULL;
  if (kind < 224) return known[kind % 32];
  text = made[next++ % 4];
  size = byte() % 127;
  for (i = 0; i < size; i++) text[i] = (char)byte();
  text[size] = 0;
  return text;
}

static const char *path(void) {
  static const char *const names[] = {"data", "data/images/a.png", "data/masks/a.png", "data/images/b.jpg", "saved.safetensors",
                                      "out.png", "out.jpg", "absent", "run", "data/labels.csv", "nowhere/x.png"};
  uint32_t kind = byte();
  return kind < 200 ? in_folder(names[kind % 11]) : kind < 220 ? "/dev/full" : kind < 224 ? "/proc/nowhere/x" : NULL;
}

/* ---- handles ------------------------------------------------------------------------------------------------------------- */
enum { MODEL, SESSION, RESULT, INSPECTOR, STEP, DATASET, TRAINER, BACKENDS, REPORT, PROPOSER, EVALUATION, KINDS, SLOTS = 3 };

static void *handles[KINDS][SLOTS];

/* Mostly a handle of the kind that is wanted. */
static void *pick(int kind) {
  uint32_t choice = byte();
  if (choice < 224) return handles[kind][choice % SLOTS];
  if (choice < 240) return handles[choice % KINDS][choice % SLOTS];
  if (choice < 244) return NULL;
  return (void *)(uintptr_t)(word() * 16);
}

static void release(int kind, void *handle) {
  switch (kind) {
    case MODEL: dcn_model_free(handle); break;
    case SESSION: dcn_session_free(handle); break;
    case RESULT: dcn_result_free(handle); break;
    case INSPECTOR: dcn_inspector_free(handle); break;
    case STEP: dcn_step_free(handle); break;
    case DATASET: dcn_dataset_free(handle); break;
    case TRAINER: dcn_trainer_free(handle); break;
    case BACKENDS: dcn_backends_free(handle); break;
    case PROPOSER: dcn_proposer_free(handle); break;
    case EVALUATION: dcn_evaluation_free(handle); break;
    default: dcn_report_free(handle); break;
  }
}

/* Keeps a handle that the library has given out, in the place of another, which it frees. */
static void keep(int kind, void *handle) {
  int slot = (int)(byte() % SLOTS);
  if (!handle) return;
  release(kind, handles[kind][slot]);
  handles[kind][slot] = handle;
}

/* ---- structs and memory -------------------------------------------------------------------------------------------------- */
static uint8_t memory[1 << 20];
static float values[1 << 18];

static uint32_t size_of(uint32_t right) {
  uint32_t kind = byte();
  return kind < 240 ? right : kind < 248 ? right + kind : (uint32_t)number();
}

static dcn_image an_image(void) {
  dcn_image image = DCN_IMAGE_INIT;
  int64_t bytes, stride;
  image.struct_size = size_of(sizeof image);
  image.format = byte() < 240 ? (int32_t)(byte() % 5) : number();
  image.width = byte() < 220 ? (int32_t)(byte() % 40) : number();
  image.height = byte() < 220 ? (int32_t)(byte() % 40) : number();
  image.row_stride = byte() < 200 ? 0 : byte() < 128 ? number() : (int64_t)((uint64_t)(uint32_t)number() << 32);
  image.pixels = byte() < 250 ? memory + sizeof memory / 2 : NULL;
  /* The pixels must be there when the numbers are possible ones. */
  bytes = (int64_t)image.width * 4;
  stride = image.row_stride < 0 ? (image.row_stride == INT64_MIN ? INT64_MAX : -image.row_stride) : image.row_stride;
  if (stride < bytes) stride = bytes;
  if (image.width > 0 && image.height > 0 && image.width <= 16384 && image.height <= 16384 &&
      stride > (int64_t)(sizeof memory / 2) / image.height - bytes)
    image.height = -1;
  return image;
}

static dcn_session_options session_options(void) {
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  options.struct_size = size_of(sizeof options);
  options.threads = byte() < 240 ? 1 + (int32_t)(byte() % 2) : number();
  options.backend = byte() < 230 ? "reference" : text();
  options.images_per_batch = number();
  options.rows_per_chunk = number();
  options.plain = (int32_t)(byte() % 2);
  options.foreground_maps = (int32_t)(byte() % 2);
  options.activation_maps = (int32_t)(byte() % 2);
  options.threshold = (float)real();
  return options;
}

static void a_model(void) {
  static const char *const names[3] = {"square", "disc", NULL};
  dcn_model *model = NULL;
  switch (byte() % 6) {
    case 0: dcn_model_open(path(), &model); break;
    case 1: {
      const char *const list[3] = {text(), text(), text()};
      int32_t count = number();
      if (count > 3 && count <= 1000000) count = 3;
      dcn_model_create(byte() < 128 ? "tiny" : text(), list, count, DCN_PART_NONE, byte(), &model);
      break;
    }
    case 2: dcn_model_import(pick(MODEL), path(), text(), &model); break;
    case 3: {
      const char *const list[2] = {text(), text()};
      dcn_model_extend(pick(MODEL), list, (int32_t)(byte() % 3), byte(), &model);
      break;
    }
    case 4: dcn_trainer_model(pick(TRAINER), &model); break;
    default: dcn_model_create("tiny", names, 2, (int32_t)(byte() % 5), byte(), &model); break;
  }
  keep(MODEL, model);
}

/* Number of values for a copy: that of the tensor, or any that the memory holds. */
static int64_t count_for(const dcn_tensor_info *info, int64_t unit) {
  if (byte() < 200 && info->element_count * unit <= (int64_t)sizeof values) return info->element_count * unit;
  return byte() < 128 ? (int64_t)(word() % sizeof values) / 4 : -(int64_t)byte();
}

static int32_t on_count(int64_t done, int64_t total, void *user_data) {
  (void)done, (void)total;
  return (int32_t)(*(uint32_t *)user_data % 7 == 0);
}

static int32_t on_progress(const dcn_progress *progress, void *user_data) {
  dcn_trainer_cancel(*(dcn_trainer **)user_data);
  return progress->iteration > 1;
}

static void on_log(int32_t level, const char *message, void *user_data) { *(size_t *)user_data += strlen(message) + (size_t)level; }

#include "calls_sections.h"
#include "calls_data.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static const char *const names[2] = {"square", "disc"};
  dcn_model *model;
  size_t i;
  (void)argc, (void)argv;
  make_folder();
  for (i = 0; i < sizeof memory; i++) memory[i] = (uint8_t)(i * 13);
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model));
  need(dcn_model_save(model, in_folder("saved.safetensors")));
  dcn_model_free(model);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[2] = {"square", "disc"};
  static void (*const sections[])(void) = {general,  images,        models, sessions,  sessions, results,     inspect,
                                           step,     datasets,      train,  proposals, forests,  weight_files, dataset_files};
  int kind, slot, calls;
  dcn_model *model;
  input = data;
  left = size;
  /* A complete model and its session, so that an input need not find them first. */
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model));
  handles[MODEL][0] = model;
  for (calls = 0; left && calls < 24; calls++) sections[byte() % (sizeof sections / sizeof *sections)]();
  for (kind = KINDS - 1; kind >= 0; kind--) {
    for (slot = 0; slot < SLOTS; slot++) {
      release(kind, handles[kind][slot]);
      handles[kind][slot] = NULL;
    }
  }
  dcn_set_log_callback(NULL, NULL);
  return 0;
}
