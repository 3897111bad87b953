/* program PLUGIN FOLDER: a program as it was written for 0.1.0. Compiled against the headers kept beside it and run with a
 * later library of the same major version, it must do what it did. */
#include <decoupled/decoupled.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static int kept_lines;

static void expect(int passed, const char *what) {
  printf("%s 0.1.0 program: %s\n", passed ? "ok" : "FAIL", what);
  if (!passed) {
    fprintf(stderr, "%s: %s\n", what, dcn_last_error());
    failures++;
  }
}

static void hear(int32_t level, const char *message, void *user_data) {
  (void)user_data;
  if (level == DCN_LOG_LEVEL_INFO && strstr(message, "the kept plugin")) kept_lines++;
}

static int32_t count_steps(const dcn_progress *progress, void *user_data) {
  if (progress->struct_size >= sizeof *progress && progress->iteration > 0) ++*(int *)user_data;
  return 0;
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  static uint8_t pixels[48 * 40 * 3], labels[2][48 * 40];
  static float scores[2][2];
  char path[1024];
  int32_t i, width, height, count;
  dcn_model *model, *opened;
  dcn_backends *backends;
  dcn_backend_info backend = DCN_BACKEND_INFO_INIT;
  dcn_tensor_info tensor = DCN_TENSOR_INFO_INIT;
  dcn_image image = DCN_IMAGE_INIT, images[2] = {DCN_IMAGE_INIT, DCN_IMAGE_INIT};
  if (argc != 3) return 2;
  dcn_set_log_callback(hear, NULL);
  expect(dcn_version() >= 100 && strcmp(dcn_status_name(DCN_STATUS_NOT_FOUND), "DCN_STATUS_NOT_FOUND") == 0, "version");
  expect(dcn_thread_count(2) == 2, "threads");
  expect(!dcn_backends_find(&backends) && dcn_backends_count(backends) >= 1 && !dcn_backends_info(backends, 0, &backend) &&
             strcmp(backend.name, "reference") == 0 && dcn_backends_failure_count(backends) >= 0,
         "backends");
  dcn_backends_free(backends);
  expect(!dcn_model_create("tiny", names, 2, DCN_PART_ALL, 7, &model), "a model");
  expect(!dcn_model_parameter_info(model, 0, &tensor) && tensor.role == DCN_ROLE_PARAMETER && tensor.rank >= 1 &&
             tensor.present == 1 && tensor.element_type == DCN_TYPE_FLOAT32,
         "a parameter");
  snprintf(path, sizeof path, "%s/kept.safetensors", argv[2]);
  expect(!dcn_model_save(model, path) && !dcn_model_open(path, &opened), "a model file");
  expect(dcn_model_class_count(opened) == 2 && dcn_model_class_index(opened, "disc") == 1, "class names");
  for (i = 0; i < (int32_t)sizeof pixels; i++) pixels[i] = (uint8_t)(i * 31 % 251);
  image.width = 48;
  image.height = 40;
  image.pixels = pixels;
  images[0] = images[1] = image;
  for (i = 0; i < 2; i++) {
    dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
    dcn_session *session;
    dcn_result *result, *results[2];
    dcn_label_set sets[2] = {DCN_LABEL_SET_INIT, DCN_LABEL_SET_INIT};
    static const int32_t second[1] = {1};
    options.backend = i == 0 ? "reference" : argv[1];
    options.threads = 2;
    options.foreground_maps = 1;
    options.threshold = 0.1f;
    options.verify = i;
    options.verify_rate = i ? 0.5 : 0;
    expect(!dcn_session_create(opened, &options, &session), i ? "a session on the kept plugin" : "a session");
    if (!session) return 1;
    expect(!dcn_session_backend(session, &backend) && strcmp(backend.name, i ? "kept" : "reference") == 0, "its backend");
    expect(!dcn_session_predict(session, &image, &result), "a prediction");
    if (dcn_result_label_map(result, &width, &height) && width == 48 && height == 40)
      memcpy(labels[i], dcn_result_label_map(result, &width, &height), sizeof labels[i]);
    if (dcn_result_scores(result, &count) && count == 2) memcpy(scores[i], dcn_result_scores(result, &count), sizeof scores[i]);
    dcn_result_free(result);
    sets[1].count = 1;
    sets[1].classes = second;
    expect(!dcn_session_predict_batch(session, images, 2, sets, results), "a batch");
    expect(dcn_result_classes(results[1], &count) && count == 1 && dcn_result_foreground_map(results[1], 0, &width, &height),
           "its results");
    dcn_result_free(results[0]);
    dcn_result_free(results[1]);
    dcn_session_free(session);
  }
  {
    dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
    dcn_session *session;
    options.backend = path;
    snprintf(path, sizeof path, "%s:as it was", argv[1]);
    expect(!dcn_session_create(opened, &options, &session), "a configured backend");
    dcn_session_free(session);
    snprintf(path, sizeof path, "%s:otherwise", argv[1]);
    expect(dcn_session_create(opened, &options, &session) && strstr(dcn_last_error(), "no configuration 'otherwise'"),
           "a configuration that the plugin does not have");
  }
  expect(scores[0][0] > 0 && memcmp(scores[0], scores[1], sizeof scores[0]) == 0, "the same scores on both backends");
  expect(memcmp(labels[0], labels[1], sizeof labels[0]) == 0, "the same labels on both backends");
  expect(kept_lines >= 2, "the log of the kept plugin");
  {
    dcn_evaluation *evaluation;
    dcn_report *report;
    dcn_proposer *proposer;
    dcn_proposer_options options = DCN_PROPOSER_OPTIONS_INIT;
    dcn_box boxes[4];
    expect(!dcn_evaluation_create(names, 2, &evaluation) && !dcn_evaluation_add(evaluation, labels[0], labels[1], 48, 40) &&
               !dcn_evaluation_report(evaluation, &report),
           "an evaluation");
    expect(dcn_report_number(report, "pixel_accuracy") == 1, "its report");
    dcn_report_free(report);
    dcn_evaluation_free(evaluation);
    options.max_boxes = 4;
    expect(!dcn_proposer_create(&options, &proposer) && !dcn_proposer_run(proposer, &image, boxes, 4, &count) && count >= 0,
           "proposals");
    dcn_proposer_free(proposer);
  }
  {
    dcn_dataset *dataset;
    dcn_dataset_options data_options = DCN_DATASET_OPTIONS_INIT;
    dcn_item item = DCN_ITEM_INIT;
    dcn_trainer_options options = DCN_TRAINER_OPTIONS_INIT;
    dcn_trainer *trainer;
    dcn_step_options step_options = DCN_STEP_OPTIONS_INIT;
    dcn_step *step;
    double loss = 0;
    static float input[3 * 64 * 64], wanted[2] = {1, 0};
    int steps = 0;
    snprintf(path, sizeof path, "%s/dataset", argv[2]);
    data_options.kind = "folder";
    expect(!dcn_dataset_open(path, &data_options, &dataset) && !dcn_dataset_item(dataset, 0, &item) && item.identifier, "a data set");
    options.settings = "{\"solver\": {\"maximum_iterations\": 2, \"batch_size\": 2}}";
    options.backend = "reference";
    expect(!dcn_trainer_create(model, DCN_PHASE_CLASSIFICATION, dataset, NULL, &options, &trainer), "a trainer");
    expect(!dcn_trainer_run(trainer, count_steps, &steps) && steps == 2, "a training");
    dcn_trainer_free(trainer);
    dcn_dataset_free(dataset);
    step_options.backend = "reference";
    expect(!dcn_step_create(model, DCN_PHASE_CLASSIFICATION, 1, &step_options, &step), "a step");
    expect(!dcn_step_compute(step, input, wanted, NULL, &loss) && loss > 0 && !dcn_step_apply(step, 0.01), "its loss");
    dcn_step_free(step);
  }
  dcn_model_free(opened);
  dcn_model_free(model);
  expect(dcn_model_open("/nowhere/x.safetensors", &model) == DCN_STATUS_NOT_FOUND && strlen(dcn_last_error()) > 10, "a refusal");
  return failures ? 1 : 0;
}
