/* misuse FOLDER DATASET: every mistake is answered with a status and a sentence, never with a crash. */
#include <math.h>
#include <string.h>

#include "check.h"

static char folder[1024];

/* The call must fail with this status and say why. */
static void refuses(int32_t status, int32_t expected, const char *what) {
  check(status == expected && strlen(dcn_last_error()) > 10, "%s: %s: %s", what, dcn_status_name(status),
        status ? dcn_last_error() : "");
}

/* A property that cannot be read must be absent, and the last error say why. */
static void absent(int is_absent, const char *what) {
  check(is_absent && strlen(dcn_last_error()) > 10, "%s: %s", what, dcn_last_error());
}

static const char *in_folder(const char *name) {
  static char path[1200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void models(void) {
  static const char *const names[2] = {"square", "disc"};
  const char *const twice[2] = {"square", "square"};
  const char *const holes[2] = {"square", NULL};
  dcn_model *model = (dcn_model *)&folder;
  dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
  float value = 1;
  FILE *file;
  refuses(dcn_model_open(NULL, &model), DCN_STATUS_INVALID_ARGUMENT, "open: NULL path");
  check(model == NULL, "a failed open leaves NULL");
  refuses(dcn_model_open("x", NULL), DCN_STATUS_INVALID_ARGUMENT, "open: NULL result");
  refuses(dcn_model_open(in_folder("absent.safetensors"), &model), DCN_STATUS_NOT_FOUND, "open: no file");
  refuses(dcn_model_open(folder, &model), DCN_STATUS_IO, "open: a folder");
  file = fopen(in_folder("junk.safetensors"), "wb");
  if (file) {
    fputs("this is no model, but it is long enough to look like one", file);
    fclose(file);
  }
  refuses(dcn_model_open(in_folder("junk.safetensors"), &model), DCN_STATUS_FORMAT, "open: junk");
  refuses(dcn_model_open("\xff\xfe", &model), DCN_STATUS_INVALID_ARGUMENT, "open: a path that is not UTF-8");
  refuses(dcn_model_create("{", names, 2, 3, 1, &model), DCN_STATUS_FORMAT, "create: broken JSON");
  refuses(dcn_model_create("{\"stages\": 3}", names, 2, 3, 1, &model), DCN_STATUS_FORMAT, "create: unknown setting");
  refuses(dcn_model_create("{\"input_size\": 100}", names, 2, 3, 1, &model), DCN_STATUS_INVALID_ARGUMENT,
          "create: impossible size");
  refuses(dcn_model_create("{\"classes\": 3}", names, 2, 3, 1, &model), DCN_STATUS_INVALID_ARGUMENT,
          "create: other number of classes");
  refuses(dcn_model_create("tiny", twice, 2, 3, 1, &model), DCN_STATUS_INVALID_ARGUMENT, "create: a name twice");
  refuses(dcn_model_create("tiny", holes, 2, 3, 1, &model), DCN_STATUS_INVALID_ARGUMENT, "create: a NULL name");
  refuses(dcn_model_create("tiny", names, -1, 3, 1, &model), DCN_STATUS_INVALID_ARGUMENT, "create: negative count");
  refuses(dcn_model_create("tiny", NULL, 2, 3, 1, &model), DCN_STATUS_INVALID_ARGUMENT, "create: NULL names");
  refuses(dcn_model_create("tiny", names, 2, 64, 1, &model), DCN_STATUS_INVALID_ARGUMENT, "create: unknown parts");
  refuses(dcn_model_create("{\"fc_width\": 65536, \"stage_channels\": [1, 1, 1, 1, 65536]}", names, 2, 3, 1, &model),
          DCN_STATUS_OUT_OF_MEMORY, "create: a network larger than the memory");
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  check(dcn_model_class_count(model) == 2 && strcmp(dcn_model_class_name(model, 1), "disc") == 0, "class names");
  check(dcn_model_class_name(model, 2) == NULL && dcn_model_class_name(model, -1) == NULL, "class name out of range");
  absent(dcn_model_class_index(model, "cat") == -1, "class index of an unknown name");
  check(dcn_model_parts(model) == DCN_PART_ALL, "all parts are there");
  info.struct_size = 8;
  refuses(dcn_model_parameter_info(model, 0, &info), DCN_STATUS_INVALID_ARGUMENT, "a struct_size that is too small");
  info.struct_size = 0xffffffffu;
  refuses(dcn_model_parameter_info(model, 0, &info), DCN_STATUS_INVALID_ARGUMENT, "a struct_size that was not set");
  info.struct_size = sizeof info;
  refuses(dcn_model_parameter_info(model, 1000, &info), DCN_STATUS_INVALID_ARGUMENT, "parameter out of range");
  refuses(dcn_model_copy_parameter(model, "nothing", &value, 1), DCN_STATUS_NOT_FOUND, "copy: unknown parameter");
  refuses(dcn_model_copy_parameter(model, "fc6.bias", &value, 1), DCN_STATUS_INVALID_ARGUMENT, "copy: wrong count");
  refuses(dcn_model_set_parameter(model, "fc6.bias", &value, -1), DCN_STATUS_INVALID_ARGUMENT, "set: negative count");
  refuses(dcn_model_set_parameter(model, "fc6.bias", NULL, 32), DCN_STATUS_INVALID_ARGUMENT, "set: NULL values");
  refuses(dcn_model_save(model, "/proc/nowhere/model"), DCN_STATUS_IO, "save: no such folder");
  refuses(dcn_model_save(model, "/dev/full"), DCN_STATUS_IO, "save: full disk");
  dcn_model_free(model);
  dcn_model_free(model);
  dcn_model_free(NULL);
  absent(dcn_model_class_count(model) == -1, "a freed handle");
  absent(dcn_model_class_count((dcn_model *)&value) == -1, "a foreign handle");
  absent(dcn_model_class_count(NULL) == -1, "a NULL handle");
}

static void images(const dcn_model *model) {
  static uint8_t pixels[64 * 64 * 4];
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_image image = DCN_IMAGE_INIT;
  dcn_label_set set = DCN_LABEL_SET_INIT;
  dcn_session *session;
  dcn_result *result, *results[2];
  int32_t classes[2] = {0, 7}, width, height, count, i;
  const uint8_t *labels;
  static uint8_t first[64 * 64];
  options.backend = "nonsense";
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_BACKEND, "session: unknown backend");
  options.backend = "/tmp/absent.so";
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_BACKEND, "session: absent plugin");
  options.backend = "reference";
  options.threads = -3;
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_INVALID_ARGUMENT, "session: negative threads");
  options.threads = 2;
  options.rows_per_chunk = -1;
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_INVALID_ARGUMENT, "session: negative rows");
  options.rows_per_chunk = 0;
  options.threshold = (float)NAN;
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_INVALID_ARGUMENT, "session: threshold NaN");
  options.threshold = 0;
  options.refinements = "guided";
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_INVALID_ARGUMENT, "session: refinements without a list");
  options.refinements = "[\"sharpen\"]";
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_INVALID_ARGUMENT, "session: unknown refinement");
  options.refinements = "[{\"name\": \"guided\", \"radius\": 0}]";
  refuses(dcn_session_create(model, &options, &session), DCN_STATUS_INVALID_ARGUMENT, "session: setting out of its range");
  options.refinements = "[\"guided\", {\"name\": \"guided\", \"radius\": 2}]";
  need(dcn_session_create(model, &options, &session), "dcn_session_create");
  for (i = 0; i < 64 * 64 * 4; i++) pixels[i] = (uint8_t)(i * 7);
  refuses(dcn_session_predict(session, NULL, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: NULL image");
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: NULL pixels");
  image.pixels = pixels;
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: empty image");
  image.width = image.height = 2147483647;
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: huge image");
  image.width = image.height = 64;
  image.row_stride = 100;
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: stride too small");
  image.row_stride = INT64_MAX;
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: stride overflows");
  image.row_stride = INT64_MIN;
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: least stride");
  image.row_stride = 0;
  image.format = 17;
  refuses(dcn_session_predict(session, &image, &result), DCN_STATUS_INVALID_ARGUMENT, "predict: unknown format");
  refuses(dcn_session_predict((dcn_session *)(void *)model, &image, &result), DCN_STATUS_INVALID_ARGUMENT,
          "predict: a model in the place of a session");
  /* The same picture in each layout gives the same labels. */
  for (i = 0; i < 4; i++) {
    static uint8_t other[64 * 64 * 4];
    int p, bytes = i < 2 ? 3 : 4, swapped = i % 2;
    for (p = 0; p < 64 * 64; p++) {
      int row = i == 3 ? 63 - p / 64 : p / 64;
      uint8_t *target = other + (row * 64 + p % 64) * bytes;
      target[swapped ? 2 : 0] = pixels[3 * p];
      target[1] = pixels[3 * p + 1];
      target[swapped ? 0 : 2] = pixels[3 * p + 2];
      if (bytes == 4) target[3] = (uint8_t)p;
    }
    image.format = i;
    image.pixels = i == 3 ? other + 63 * 256 : other;
    image.row_stride = i == 3 ? -256 : 0;
    need(dcn_session_predict(session, &image, &result), "dcn_session_predict");
    labels = dcn_result_label_map(result, &width, &height);
    if (labels && i == 0) memcpy(first, labels, sizeof first);
    check(labels && width == 64 && height == 64 && memcmp(labels, first, sizeof first) == 0, "pixel format %d", (int)i);
    absent(dcn_result_foreground_map(result, 0, &width, &height) == NULL, "maps that are not kept");
    dcn_result_free(result);
  }
  absent(dcn_result_label_map(result, &width, &height) == NULL, "a freed result");
  {
    dcn_image two[2];
    image.format = DCN_FORMAT_GRAY8;
    image.pixels = pixels;
    image.row_stride = 0;
    two[0] = two[1] = image;
    set.count = 2;
    set.classes = classes;
    refuses(dcn_session_predict_batch(session, two, 1, &set, results), DCN_STATUS_INVALID_ARGUMENT, "unknown class");
    set.classes = NULL;
    refuses(dcn_session_predict_batch(session, two, 1, &set, results), DCN_STATUS_INVALID_ARGUMENT, "NULL classes");
    refuses(dcn_session_predict_batch(session, two, -2, NULL, results), DCN_STATUS_INVALID_ARGUMENT, "negative count");
    {
      dcn_label_set sets[2] = {DCN_LABEL_SET_INIT, DCN_LABEL_SET_INIT};
      classes[1] = 1;
      sets[0].count = 0;
      sets[1].count = 1;
      sets[1].classes = classes + 1;
      need(dcn_session_predict_batch(session, two, 2, sets, results), "dcn_session_predict_batch");
      check(dcn_result_classes(results[0], &count) != NULL && count == 0, "an empty label set finds nothing");
      check(*dcn_result_classes(results[1], &count) == 1 && count == 1, "a given class is segmented");
      dcn_result_free(results[0]);
      dcn_result_free(results[1]);
    }
  }
  dcn_session_free(session);
  refuses(dcn_session_cancel(session), DCN_STATUS_INVALID_ARGUMENT, "cancel: a freed session");
  image.width = 64;
  refuses(dcn_image_save(&image, "/proc/nowhere/x.png"), DCN_STATUS_IO, "image_save: no such folder");
  refuses(dcn_image_load(in_folder("absent.png"), &image), DCN_STATUS_NOT_FOUND, "image_load: no file");
  refuses(dcn_image_load(in_folder("junk.safetensors"), &image), DCN_STATUS_FORMAT, "image_load: junk");
  dcn_image_free(&image);
  check(image.pixels == pixels, "pixels of the caller are not freed");
  check(dcn_label_color(1) == 0x800000 && dcn_label_color(256) == -1, "label colours");
}

static void tensors(dcn_model *model) {
  const char *const unknown[1] = {"nothing"}, *const parameter[1] = {"fc6.weight"}, *const scores[1] = {"scores"};
  float loss_scale = 1;
  double loss;
  dcn_inspector *inspector;
  dcn_step *step;
  dcn_step_options options = DCN_STEP_OPTIONS_INIT;
  static float image[3 * 32 * 32], labels[2];
  refuses(dcn_inspector_create(model, 9, 1, 1, NULL, &inspector), DCN_STATUS_INVALID_ARGUMENT, "inspector: unknown form");
  refuses(dcn_inspector_create(model, 0, 0, 1, NULL, &inspector), DCN_STATUS_INVALID_ARGUMENT, "inspector: no images");
  need(dcn_inspector_create(model, DCN_FORM_PREDICTION, 1, 1, NULL, &inspector), "dcn_inspector_create");
  refuses(dcn_inspector_run(inspector, unknown, 1), DCN_STATUS_NOT_FOUND, "run: unknown value");
  refuses(dcn_inspector_run(inspector, parameter, 1), DCN_STATUS_INVALID_ARGUMENT, "run: a parameter");
  refuses(dcn_inspector_run(inspector, scores, 1), DCN_STATUS_INVALID_ARGUMENT, "run: an input is not set");
  refuses(dcn_inspector_set(inspector, "image", image, 5), DCN_STATUS_INVALID_ARGUMENT, "set: wrong size");
  refuses(dcn_inspector_copy(inspector, "scores", labels, 8), DCN_STATUS_STATE, "copy: nothing was run");
  dcn_inspector_free(inspector);
  refuses(dcn_step_create(model, 3, 1, NULL, &step), DCN_STATUS_INVALID_ARGUMENT, "step: unknown phase");
  options.multipliers = "[{\"rate\": 1}]";
  refuses(dcn_step_create(model, 1, 1, &options, &step), DCN_STATUS_FORMAT, "step: unknown rule");
  options.multipliers = "[{\"pattern\": \"*\", \"learning_rate\": 0}]";
  refuses(dcn_step_create(model, 1, 1, &options, &step), DCN_STATUS_INVALID_ARGUMENT, "step: nothing to train");
  options.multipliers = NULL;
  options.momentum = 2;
  refuses(dcn_step_create(model, 1, 1, &options, &step), DCN_STATUS_INVALID_ARGUMENT, "step: momentum of 2");
  need(dcn_step_create(model, DCN_PHASE_CLASSIFICATION, 1, NULL, &step), "dcn_step_create");
  refuses(dcn_step_apply(step, 0.1), DCN_STATUS_STATE, "apply: nothing computed");
  refuses(dcn_step_copy_gradient(step, "fc6.bias", &loss_scale, 1), DCN_STATUS_STATE, "gradient: nothing computed");
  image[5] = (float)NAN;
  refuses(dcn_step_compute(step, image, labels, NULL, &loss), DCN_STATUS_NUMERIC, "compute: an image that is NaN");
  image[5] = 0;
  need(dcn_step_compute(step, image, labels, NULL, &loss), "dcn_step_compute");
  refuses(dcn_step_apply(step, -1), DCN_STATUS_INVALID_ARGUMENT, "apply: negative rate");
  refuses(dcn_step_copy_gradient(step, "seg_score.weight", &loss_scale, 1), DCN_STATUS_NOT_FOUND, "gradient: not trained");
  dcn_step_free(step);
}

/* Phases and forms by their names, of a DecoupledNet and of another family. */
static void families(dcn_model *model) {
  static float image[3 * 32 * 32], labels[2];
  static int32_t mask[32 * 32];
  dcn_model *other;
  dcn_step *step;
  dcn_inspector *inspector;
  double loss = 0;
  absent(dcn_model_family(NULL) == NULL, "family: NULL model");
  absent(dcn_model_phase_count(NULL) == -1, "phase count: NULL model");
  absent(dcn_model_phase_name(NULL, 0) == NULL, "phase name: NULL model");
  absent(dcn_model_phase_name(model, -1) == NULL, "phase name: below 0");
  absent(dcn_model_phase_name(model, 2) == NULL, "phase name: out of range");
  check(strcmp(dcn_model_family(model), "decouplednet") == 0 && dcn_model_phase_count(model) == 2 &&
            strcmp(dcn_model_phase_name(model, DCN_PHASE_SEGMENTATION - 1), "segmentation") == 0,
        "family and phases of a DecoupledNet");
  step = (dcn_step *)&folder;
  refuses(dcn_step_create_phase(model, NULL, 1, NULL, &step), DCN_STATUS_INVALID_ARGUMENT, "step: NULL phase");
  check(step == NULL, "a failed step leaves NULL");
  refuses(dcn_step_create_phase(model, "fcn32s", 1, NULL, &step), DCN_STATUS_INVALID_ARGUMENT, "step: unknown phase");
  refuses(dcn_step_create_phase(NULL, "segmentation", 1, NULL, &step), DCN_STATUS_INVALID_ARGUMENT, "step: NULL model");
  refuses(dcn_step_create_phase(model, "segmentation", 1, NULL, NULL), DCN_STATUS_INVALID_ARGUMENT, "step: NULL result");
  inspector = (dcn_inspector *)&folder;
  refuses(dcn_inspector_create_form(model, NULL, 1, 1, NULL, &inspector), DCN_STATUS_INVALID_ARGUMENT,
          "inspector: NULL form");
  check(inspector == NULL, "a failed inspector leaves NULL");
  refuses(dcn_inspector_create_form(model, "segmentation", 1, 1, NULL, &inspector), DCN_STATUS_INVALID_ARGUMENT,
          "inspector: a phase in the place of a form");
  refuses(dcn_inspector_create_form(NULL, "prediction", 1, 1, NULL, &inspector), DCN_STATUS_INVALID_ARGUMENT,
          "inspector: NULL model");
  need(dcn_inspector_create_form(model, "segmentation_loss", 1, 1, NULL, &inspector), "dcn_inspector_create_form");
  dcn_inspector_free(inspector);
  need(dcn_step_create_phase(model, "classification", 1, NULL, &step), "dcn_step_create_phase");
  refuses(dcn_step_compute(step, image, NULL, NULL, &loss), DCN_STATUS_INVALID_ARGUMENT, "compute: labels are needed");
  need(dcn_step_compute(step, image, labels, NULL, &loss), "dcn_step_compute");
  dcn_step_free(step);

  need(dcn_model_create("{\"preset\": \"tiny\", \"family\": \"fcn\", \"classes\": 2}", NULL, 0, DCN_PART_ALL, 1,
                        &other),
       "dcn_model_create of an FCN");
  check(strcmp(dcn_model_family(other), "fcn") == 0 && dcn_model_phase_count(other) == 1 &&
            strcmp(dcn_model_phase_name(other, 0), "fcn32s") == 0,
        "family and phases of an FCN");
  refuses(dcn_step_create(other, 2, 1, NULL, &step), DCN_STATUS_INVALID_ARGUMENT, "step: a phase that an FCN has not");
  need(dcn_step_create_phase(other, "fcn32s", 1, NULL, &step), "dcn_step_create_phase");
  refuses(dcn_step_compute(step, image, labels, NULL, &loss), DCN_STATUS_INVALID_ARGUMENT, "compute: masks are needed");
  need(dcn_step_compute(step, image, NULL, mask, &loss), "a step without labels");
  check(fabs(loss - log(3)) < 1e-5, "scores of 0 for background and two classes: a loss of %g", loss);
  need(dcn_step_apply(step, 0.1), "dcn_step_apply");
  dcn_step_free(step);
  dcn_model_free(other);
}

static int32_t stop_at_once(int64_t done, int64_t total, void *user_data) {
  (void)done, (void)total;
  ++*(int *)user_data;
  return 1;
}

static void data(const dcn_model *model, const char *path) {
  dcn_dataset_options options = DCN_DATASET_OPTIONS_INIT;
  dcn_trainer_options training = DCN_TRAINER_OPTIONS_INIT;
  dcn_dataset *dataset;
  dcn_trainer *trainer;
  dcn_report *report;
  dcn_item item = DCN_ITEM_INIT;
  int calls = 0;
  refuses(dcn_dataset_open(in_folder("absent"), NULL, &dataset), DCN_STATUS_NOT_FOUND, "data set: no folder");
  refuses(dcn_dataset_open(folder, NULL, &dataset), DCN_STATUS_FORMAT, "data set: no data set");
  options.set = "nothing";
  refuses(dcn_dataset_open(path, &options, &dataset), DCN_STATUS_FORMAT, "data set: no such list");
  need(dcn_dataset_open(path, NULL, &dataset), "dcn_dataset_open");
  check(dcn_dataset_item_count(dataset) == 12 && dcn_dataset_strong_count(dataset) == 6, "counts of a data set");
  need(dcn_dataset_item(dataset, 1, &item), "dcn_dataset_item");
  check(item.class_count == 2 && item.labels && !item.labels[0] && item.labels[1] && item.mask_path, "an item");
  refuses(dcn_dataset_item(dataset, 12, &item), DCN_STATUS_INVALID_ARGUMENT, "item out of range");
  refuses(dcn_dataset_check(dataset, stop_at_once, &calls, &report), DCN_STATUS_CANCELLED, "check: cancelled");
  check(calls == 1 && report == NULL, "a cancelled check stops at once");
  need(dcn_dataset_check(dataset, NULL, NULL, &report), "dcn_dataset_check");
  check(dcn_report_number(report, "problems") == 0 && strstr(dcn_report_json(report), "\"items\""), "a report");
  absent(isnan(dcn_report_number(report, "nothing")), "a number that is not there");
  dcn_report_free(report);
  training.settings = "{\"sead\": 1}";
  refuses(dcn_trainer_create(model, 1, dataset, NULL, &training, &trainer), DCN_STATUS_FORMAT, "trainer: misspelt");
  training.settings = "{\"solver\": {\"base_learning_rate\": -1}}";
  refuses(dcn_trainer_create(model, 1, dataset, NULL, &training, &trainer), DCN_STATUS_INVALID_ARGUMENT,
          "trainer: negative rate");
  training.settings = NULL;
  training.existing_run = 5;
  refuses(dcn_trainer_create(model, 1, dataset, NULL, &training, &trainer), DCN_STATUS_INVALID_ARGUMENT,
          "trainer: unknown existing_run");
  training.existing_run = 0;
  refuses(dcn_trainer_create(model, 7, dataset, NULL, &training, &trainer), DCN_STATUS_INVALID_ARGUMENT,
          "trainer: unknown phase");
  refuses(dcn_trainer_create_phase(model, "fcn32s", dataset, NULL, &training, &trainer), DCN_STATUS_INVALID_ARGUMENT,
          "trainer: unknown name of a phase");
  check(trainer == NULL, "a failed trainer leaves NULL");
  refuses(dcn_trainer_create_phase(model, NULL, dataset, NULL, &training, &trainer), DCN_STATUS_INVALID_ARGUMENT,
          "trainer: NULL phase");
  refuses(dcn_trainer_create_phase(NULL, "segmentation", dataset, NULL, &training, &trainer),
          DCN_STATUS_INVALID_ARGUMENT, "trainer: NULL model");
  dcn_dataset_free(dataset);
}

/* Data sets as they are written, cut into windows and compared. */
static void files(const char *path) {
  static const char *const names[2] = {"square", "disc"};
  static const char *const same[2] = {"square", "square"};
  dcn_dataset_options options = DCN_DATASET_OPTIONS_INIT;
  dcn_image mask = DCN_IMAGE_INIT;
  dcn_dataset *dataset;
  dcn_evaluation *evaluation;
  dcn_report *report;
  const uint8_t truth[4] = {0, 1, 2, 255}, guess[4] = {0, 1, 1, 0}, wrong[4] = {0, 1, 3, 0};
  int64_t count = -1;
  int calls = 0;
  options.kind = "tiff";
  refuses(dcn_dataset_open(path, &options, &dataset), DCN_STATUS_INVALID_ARGUMENT, "data set: no such kind");
  options.kind = "folder";
  options.ignored_id_count = 2;
  refuses(dcn_dataset_open(path, &options, &dataset), DCN_STATUS_INVALID_ARGUMENT, "data set: no ids");
  options.ignored_id_count = 0;
  need(dcn_dataset_open(path, &options, &dataset), "dcn_dataset_open of a kind");
  need(dcn_dataset_item_mask(dataset, 0, &mask), "dcn_dataset_item_mask");
  check(mask.format == DCN_FORMAT_GRAY8 && mask.width == 48 && mask.pixels, "a mask");
  dcn_image_free(&mask);
  refuses(dcn_dataset_item_mask(dataset, 11, &mask), DCN_STATUS_NOT_FOUND, "a mask that is not there");
  refuses(dcn_dataset_write_crops(dataset, "{\"shape\": 1}", 1, path, in_folder("l.txt"), NULL, NULL, &count),
          DCN_STATUS_FORMAT, "crops: misspelt");
  refuses(dcn_dataset_write_crops(dataset, NULL, 1, "elsewhere", in_folder("l.txt"), NULL, NULL, &count),
          DCN_STATUS_FORMAT, "crops: another root");
  refuses(dcn_dataset_write_crops(dataset, NULL, 1, path, in_folder("l.txt"), stop_at_once, &calls, &count),
          DCN_STATUS_CANCELLED, "crops: cancelled");
  check(calls == 1 && count == -1, "a cancelled list is not counted");
  need(dcn_dataset_write_crops(dataset, "{\"windows_per_subset\": 2}", 1, path, in_folder("l.txt"), NULL, NULL, &count),
       "dcn_dataset_write_crops");
  check(count == 18, "windows of six masks");
  refuses(dcn_dataset_split(dataset, 0, 1, in_folder("s.txt")), DCN_STATUS_INVALID_ARGUMENT, "split: none per class");
  need(dcn_dataset_split(dataset, 1, 1, in_folder("s.txt")), "dcn_dataset_split");
  refuses(dcn_dataset_evaluate(dataset, in_folder("x"), NULL, NULL, &report), DCN_STATUS_FORMAT, "no predictions");
  need(dcn_dataset_statistics(dataset, NULL, NULL, &report), "dcn_dataset_statistics");
  check(dcn_report_number(report, "images") == 12, "statistics");
  dcn_report_free(report);
  refuses(dcn_dataset_check_folder(in_folder("x"), NULL, NULL, NULL, &report), DCN_STATUS_NOT_FOUND, "no folder to check");
  need(dcn_dataset_check_folder(path, &options, NULL, NULL, &report), "dcn_dataset_check_folder");
  dcn_report_free(report);
  need(dcn_dataset_write_voc(dataset, "train", in_folder("voc"), NULL, NULL), "dcn_dataset_write_voc");
  dcn_dataset_free(dataset);
  refuses(dcn_dataset_statistics(dataset, NULL, NULL, &report), DCN_STATUS_INVALID_ARGUMENT, "a freed data set");

  refuses(dcn_evaluation_create(same, 2, &evaluation), DCN_STATUS_FORMAT, "evaluation: a class twice");
  need(dcn_evaluation_create(names, 2, &evaluation), "dcn_evaluation_create");
  need(dcn_evaluation_add(evaluation, truth, guess, 2, 2), "dcn_evaluation_add");
  refuses(dcn_evaluation_add(evaluation, truth, wrong, 2, 2), DCN_STATUS_FORMAT, "evaluation: no such class");
  refuses(dcn_evaluation_add(evaluation, truth, guess, 0, 2), DCN_STATUS_INVALID_ARGUMENT, "evaluation: no pixels");
  need(dcn_evaluation_report(evaluation, &report), "dcn_evaluation_report");
  check(fabs(dcn_report_number(report, "mean_iou") - 0.5) < 1e-12, "mean IoU of 1, 1/2 and 0");
  dcn_report_free(report);
  dcn_evaluation_free(evaluation);
  refuses(dcn_evaluation_report(evaluation, &report), DCN_STATUS_INVALID_ARGUMENT, "a freed evaluation");
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  dcn_model *model;
  dcn_backends *backends;
  dcn_backend_info info = DCN_BACKEND_INFO_INIT;
  if (argc != 3) return 2;
  snprintf(folder, sizeof folder, "%s", argv[1]);
  check(strcmp(dcn_last_error(), "") == 0, "no error at first");
  check(dcn_version() == DCN_VERSION_MAJOR * 10000 + DCN_VERSION_MINOR * 100 + DCN_VERSION_PATCH, "version %s",
        dcn_version_string());
  check(strcmp(dcn_status_name(9), "DCN_STATUS_STATE") == 0 && strcmp(dcn_status_name(99), "unknown status") == 0,
        "status names");
  check(dcn_thread_count(0) >= 1 && dcn_thread_count(3) == 3, "thread counts");
  need(dcn_backends_find(&backends), "dcn_backends_find");
  need(dcn_backends_info(backends, 0, &info), "dcn_backends_info");
  check(strcmp(info.name, "reference") == 0 && info.score > 0 && !info.path, "the first backend is reference");
  refuses(dcn_backends_info(backends, -1, &info), DCN_STATUS_INVALID_ARGUMENT, "backend out of range");
  dcn_backends_free(backends);
  models();
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  images(model);
  tensors(model);
  families(model);
  data(model, argv[2]);
  files(argv[2]);
  dcn_model_free(model);
  return check_failures ? 1 : 0;
}
