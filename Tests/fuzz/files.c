/* Files of every kind that the library reads. The first byte says which kind the rest is. */
#include "fuzz.h"

static dcn_model *tiny;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  setenv("DECOUPLED_NUM_THREADS", "1", 1);
  make_folder();
  need(dcn_model_create("tiny", NULL, 0, DCN_PART_ALL, 1, &tiny));
  return 0;
}

/* Uses a model that could be opened: what it says of itself may still be hostile. */
static void use_model(dcn_model *model) {
  static uint8_t pixels[16 * 16 * 3];
  dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_session *session;
  dcn_image image = DCN_IMAGE_INIT;
  dcn_result *result;
  int32_t i, size = 0, count = dcn_model_parameter_count(model);
  int64_t total = 0;
  dcn_model_description(model);
  for (i = 0; i < dcn_model_class_count(model); i++) size += (int32_t)strlen(dcn_model_class_name(model, i));
  for (i = 0; i < count && size >= 0; i++) {
    if (dcn_model_parameter_info(model, i, &info)) continue;
    total += info.element_count;
    if (info.present && info.element_count < 1 << 20) {
      float *values = malloc((size_t)info.element_count * sizeof *values);
      if (values) dcn_model_copy_parameter(model, info.name, values, info.element_count);
      free(values);
    }
  }
  /* A network that needs much memory or time to compute is allowed to. */
  if (total > 1 << 18 || dcn_model_input_size(model) > 64) return;
  options.backend = "reference";
  options.threads = 1;
  image.width = image.height = 16;
  image.pixels = pixels;
  if (dcn_session_create(model, &options, &session)) return;
  if (!dcn_session_predict(session, &image, &result)) dcn_result_free(result);
  dcn_session_free(session);
}

static void open_model(const char *path) {
  dcn_model *model;
  if (!dcn_model_open(path, &model)) use_model(model);
  dcn_model_free(model);
  if (!dcn_model_import(tiny, path, NULL, &model)) use_model(model);
  dcn_model_free(model);
}

static void open_images(const char *path) {
  dcn_image image = DCN_IMAGE_INIT;
  dcn_image_load(path, &image);
  dcn_image_free(&image);
  dcn_label_map_load(path, &image);
  dcn_image_free(&image);
}

static void open_dataset(void) {
  dcn_dataset_options options = DCN_DATASET_OPTIONS_INIT;
  dcn_dataset *dataset;
  dcn_item item = DCN_ITEM_INIT;
  dcn_report *report;
  int32_t i;
  for (i = 0; i < 2; i++) {
    options.set = i ? "train" : NULL;
    if (!dcn_dataset_open(in_folder("data"), &options, &dataset)) {
      int32_t k, count = dcn_dataset_item_count(dataset);
      for (k = 0; k < count; k++) dcn_dataset_item(dataset, k, &item);
      if (!dcn_dataset_check(dataset, NULL, NULL, &report)) dcn_report_text(report);
      dcn_report_free(report);
    }
    dcn_dataset_free(dataset);
  }
}

static int32_t stop(const dcn_progress *progress, void *user_data) {
  (void)progress, (void)user_data;
  return 1;
}

/* Goes on with a run one of whose files is the input. */
static void resume(const char *name, const uint8_t *data, size_t size) {
  static const char *const names[] = {"square", "disc"};
  dcn_trainer_options options = DCN_TRAINER_OPTIONS_INIT;
  dcn_dataset *dataset;
  dcn_trainer *trainer;
  dcn_model *model;
  char run[300];
  need(dcn_dataset_open(in_folder("data"), NULL, &dataset));
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model));
  snprintf(run, sizeof run, "%s", in_folder("run"));
  options.run_directory = run;
  options.backend = "reference";
  options.threads = 1;
  options.settings = "{\"solver\": {\"maximum_iterations\": 3, \"batch_size\": 1}}";
  options.existing_run = DCN_RUN_OVERWRITE;
  need(dcn_trainer_create(model, DCN_PHASE_CLASSIFICATION, dataset, NULL, &options, &trainer));
  dcn_trainer_run(trainer, stop, NULL);
  dcn_trainer_free(trainer);
  write_file(in_folder(name), data, size);
  options.existing_run = DCN_RUN_RESUME;
  if (!dcn_trainer_create(model, DCN_PHASE_CLASSIFICATION, dataset, NULL, &options, &trainer)) {
    dcn_trainer_run(trainer, stop, NULL);
  }
  dcn_trainer_free(trainer);
  dcn_model_free(model);
  dcn_dataset_free(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int kind;
  if (size < 1) return 0;
  kind = data[0];
  data++, size--;
  switch (kind) {
    case 'm':
      write_file(in_folder("input.safetensors"), data, size);
      open_model(in_folder("input.safetensors"));
      break;
    case 'h': { /* the header of a model only; its data are zeros */
      uint8_t length[8] = {0};
      size_t i;
      FILE *file = fopen(in_folder("input.safetensors"), "wb");
      if (!file) abort();
      for (i = 0; i < 8; i++) length[i] = (uint8_t)(size >> (8 * i));
      if (fwrite(length, 1, 8, file) != 8 || fwrite(data, 1, size, file) != size) abort();
      fclose(file);
      if (truncate(in_folder("input.safetensors"), (off_t)(8 + size + 200000))) abort();
      open_model(in_folder("input.safetensors"));
      break;
    }
    case 'i':
      write_file(in_folder("input.png"), data, size);
      open_images(in_folder("input.png"));
      break;
    case 'l':
      write_file(in_folder("data/labels.csv"), data, size);
      open_dataset();
      write_file(in_folder("data/labels.csv"), labels, sizeof labels - 1);
      break;
    case 'c':
      write_file(in_folder("data/classes.txt"), data, size);
      open_dataset();
      write_file(in_folder("data/classes.txt"), classes, sizeof classes - 1);
      break;
    case 't':
      write_file(in_folder("data/train.txt"), data, size);
      open_dataset();
      unlink(in_folder("data/train.txt"));
      break;
    case 's': resume("run/training-state.safetensors", data, size); break;
    case 'w': resume("run/last.safetensors", data, size); break;
    default: break;
  }
  return 0;
}
