/* sizes DATASET OLD NEW SHORT: structs of programs and plugins compiled against older and newer headers. The last three are
 * plugins whose tables end before the first optional member, behind the last one, and before a required one. */
#include <stddef.h>
#include <string.h>

#include "check.h"

/* Room for a struct of a later release, with marks behind the members that this one knows. */
#define LATER(type) \
  union { \
    type now; \
    unsigned char bytes[sizeof(type) + 64]; \
  }
#define MARK(later) memset((later).bytes + sizeof (later).now, 0xee, 64)

static int is_marked(const unsigned char *bytes, size_t size) {
  size_t i;
  for (i = size; i < size + 64; i++) {
    if (bytes[i] != 0xee) return 0;
  }
  return 1;
}

/* `call` reads or fills *object: it must accept the size of a later release and leave what it does not know alone, and
 * refuse a size that is too small or absurd. `least` is the size in the first release that had the struct. */
#define SIZES(type, least, initial, call) \
  do { \
    static const type defaults = initial; \
    static LATER(type) later; \
    type *object = &later.now; \
    *object = defaults; \
    MARK(later); \
    object->struct_size = (uint32_t)sizeof later; \
    check((call) == DCN_STATUS_OK && object->struct_size == sizeof later && is_marked(later.bytes, sizeof(type)), \
          "a later " #type " is accepted"); \
    *object = defaults; \
    object->struct_size = (uint32_t)(least); \
    check((call) == DCN_STATUS_OK && object->struct_size == (least), "a " #type " of the first release is accepted"); \
    *object = defaults; \
    object->struct_size = (uint32_t)(least) - 4; \
    check((call) == DCN_STATUS_INVALID_ARGUMENT && strstr(dcn_last_error(), "struct_size"), "a " #type " that is too small"); \
    object->struct_size = 0; \
    check((call) == DCN_STATUS_INVALID_ARGUMENT, "a " #type " without a size"); \
    object->struct_size = 0x7fffffffu; \
    check((call) == DCN_STATUS_INVALID_ARGUMENT, "a " #type " of an absurd size"); \
  } while (0)

static int32_t session_of(const dcn_model *model, const dcn_session_options *options) {
  dcn_session *session;
  int32_t status = dcn_session_create(model, options, &session);
  dcn_session_free(session);
  return status;
}

static int32_t step_of(dcn_model *model, const dcn_step_options *options) {
  dcn_step *step;
  int32_t status = dcn_step_create(model, DCN_PHASE_CLASSIFICATION, 1, options, &step);
  dcn_step_free(step);
  return status;
}

static int32_t data_of(const char *path, const dcn_dataset_options *options) {
  dcn_dataset *dataset;
  int32_t status = dcn_dataset_open(path, options, &dataset);
  dcn_dataset_free(dataset);
  return status;
}

static int32_t trainer_of(const dcn_model *model, const dcn_dataset *dataset, const dcn_trainer_options *options) {
  dcn_trainer *trainer;
  int32_t status = dcn_trainer_create(model, DCN_PHASE_CLASSIFICATION, dataset, NULL, options, &trainer);
  dcn_trainer_free(trainer);
  return status;
}

static int32_t prediction_of(dcn_session *session, dcn_image *image, const uint8_t *pixels) {
  dcn_result *result;
  int32_t status;
  image->width = image->height = 32;
  image->pixels = pixels;
  status = dcn_session_predict(session, image, &result);
  dcn_result_free(result);
  return status;
}

static int32_t proposer_of(const dcn_proposer_options *options) {
  dcn_proposer *proposer;
  int32_t status = dcn_proposer_create(options, &proposer);
  dcn_proposer_free(proposer);
  return status;
}

/* Options that are read get as far as the file that is not there. */
static int32_t import_of(const dcn_import_options *options) {
  int32_t status = dcn_import("/nowhere/a.pth", options, "/nowhere/b.safetensors", NULL);
  return status == DCN_STATUS_NOT_FOUND ? DCN_STATUS_OK : status;
}

static int32_t stop(int64_t done, int64_t total, void *user_data) {
  (void)done, (void)total, (void)user_data;
  return 1;
}

/* Options that are read get as far as the first tree, or the folder that is not there. */
static int32_t forest_of(const dcn_dataset *dataset, const dcn_forest_options *options) {
  int32_t status = dcn_forest_train(dataset, options, "/nowhere/forest.safetensors", stop, NULL);
  return status == DCN_STATUS_CANCELLED || status == DCN_STATUS_IO ? DCN_STATUS_OK : status;
}

/* Structs in arrays lie as far apart as their own size says. */
static void arrays(dcn_session *session, const uint8_t *pixels) {
  static LATER(dcn_image) images[2];
  static LATER(dcn_label_set) sets[2];
  static const int32_t classes[1] = {1};
  dcn_result *results[2];
  int32_t i, count = -1;
  for (i = 0; i < 2; i++) {
    static const dcn_image image = DCN_IMAGE_INIT;
    static const dcn_label_set set = DCN_LABEL_SET_INIT;
    images[i].now = image;
    sets[i].now = set;
    MARK(images[i]);
    MARK(sets[i]);
    images[i].now.struct_size = (uint32_t)sizeof images[i];
    sets[i].now.struct_size = (uint32_t)sizeof sets[i];
    images[i].now.width = 32;
    images[i].now.height = 20 + i;
    images[i].now.pixels = pixels;
    sets[i].now.count = i;
    sets[i].now.classes = classes;
  }
  check(!dcn_session_predict_batch(session, &images[0].now, 2, &sets[0].now, results), "arrays of later structs are accepted");
  check(results[1] && dcn_result_classes(results[1], &count) && count == 1, "the second label set is found");
  check(results[1] && dcn_result_label_map(results[1], &count, &i) && i == 21, "the second image is found");
  dcn_result_free(results[0]);
  dcn_result_free(results[1]);
}

static void plugin(const dcn_model *model, const char *path, int is_accepted, const char *what) {
  static uint8_t pixels[32 * 32 * 3];
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_session *session;
  dcn_image image = DCN_IMAGE_INIT;
  options.backend = path;
  if (is_accepted) {
    check(!dcn_session_create(model, &options, &session) && !prediction_of(session, &image, pixels), "%s", what);
    dcn_session_free(session);
  } else {
    check(dcn_session_create(model, &options, &session) == DCN_STATUS_BACKEND && strstr(dcn_last_error(), "rebuild"), "%s",
          what);
  }
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  static uint8_t pixels[32 * 32 * 3];
  dcn_model *model;
  dcn_session *session;
  dcn_dataset *dataset;
  dcn_backends *backends;
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  if (argc != 5) return 2;
  options.backend = "reference";
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  need(dcn_session_create(model, &options, &session), "dcn_session_create");
  need(dcn_dataset_open(argv[1], NULL, &dataset), "dcn_dataset_open");
  need(dcn_backends_find(&backends), "dcn_backends_find");
  SIZES(dcn_image, sizeof(dcn_image), DCN_IMAGE_INIT, prediction_of(session, object, pixels));
  SIZES(dcn_backend_info, sizeof(dcn_backend_info), DCN_BACKEND_INFO_INIT, dcn_backends_info(backends, 0, object));
  SIZES(dcn_tensor_info, sizeof(dcn_tensor_info), DCN_TENSOR_INFO_INIT, dcn_model_parameter_info(model, 0, object));
  SIZES(dcn_session_options, offsetof(dcn_session_options, refinements), DCN_SESSION_OPTIONS_INIT, session_of(model, object));
  SIZES(dcn_step_options, sizeof(dcn_step_options), DCN_STEP_OPTIONS_INIT, step_of(model, object));
  SIZES(dcn_dataset_options, sizeof(dcn_dataset_options), DCN_DATASET_OPTIONS_INIT, data_of(argv[1], object));
  SIZES(dcn_item, sizeof(dcn_item), DCN_ITEM_INIT, dcn_dataset_item(dataset, 0, object));
  SIZES(dcn_trainer_options, offsetof(dcn_trainer_options, prediction), DCN_TRAINER_OPTIONS_INIT, trainer_of(model, dataset, object));
  SIZES(dcn_proposer_options, sizeof(dcn_proposer_options), DCN_PROPOSER_OPTIONS_INIT, proposer_of(object));
  SIZES(dcn_import_options, sizeof(dcn_import_options), DCN_IMPORT_OPTIONS_INIT, import_of(object));
  SIZES(dcn_forest_options, sizeof(dcn_forest_options), DCN_FOREST_OPTIONS_INIT, forest_of(dataset, object));
  arrays(session, pixels);
  plugin(model, argv[2], 1, "a plugin whose table ends where the optional functions begin");
  plugin(model, argv[3], 1, "a plugin with a longer table than this release knows");
  plugin(model, argv[4], 0, "a plugin whose table lacks a required function");
  dcn_backends_free(backends);
  dcn_dataset_free(dataset);
  dcn_session_free(session);
  dcn_model_free(model);
  return check_failures ? 1 : 0;
}
