/* training FOLDER DATASET: runs of both phases, and of another family's, through the header: progress, cancel, resume,
 * evaluation. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "check.h"

static const char *const names[2] = {"square", "disc"};
static const char settings[] =
    "{\"solver\": {\"maximum_iterations\": 6, \"batch_size\": 2, \"iter_size\": 2, \"base_learning_rate\": 0.001},"
    " \"seed\": 5}";
static const char settings2[] =
    "{\"solver\": {\"maximum_iterations\": 4, \"batch_size\": 2, \"iter_size\": 1},"
    " \"conversion\": {\"batches\": 2, \"batch_size\": 2}}";

typedef struct {
  int stop_at, calls, evaluations, conversions, phase;
  double loss;
} watch;

static int32_t observe(const dcn_progress *progress, void *user_data) {
  watch *seen = (watch *)user_data;
  seen->calls++;
  seen->phase = progress->phase;
  if (progress->stage == DCN_STAGE_CONVERSION) {
    seen->conversions++;
    return 0;
  }
  seen->loss = progress->loss;
  if (!isnan(progress->mean_average_precision) || !isnan(progress->mean_iou)) seen->evaluations++;
  return progress->iteration == seen->stop_at;
}

static dcn_trainer *cancelled_trainer;

static void *cancel(void *unused) {
  (void)unused;
  dcn_trainer_cancel(cancelled_trainer);
  return NULL;
}

static int32_t cancel_elsewhere(const dcn_progress *progress, void *user_data) {
  pthread_t thread;
  (void)user_data;
  if (progress->iteration == 2) {
    pthread_create(&thread, NULL, cancel, NULL);
    pthread_join(thread, NULL);
  }
  return 0;
}

/* Whether the classification weights of two models are the same bits. */
static int equal(const dcn_model *a, const dcn_model *b) {
  static float x[1 << 16], y[1 << 16];
  int32_t i, compared = 0;
  for (i = 0; i < dcn_model_parameter_count(a); i++) {
    dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
    need(dcn_model_parameter_info(a, i, &info), "dcn_model_parameter_info");
    if (!info.present || info.element_count > 1 << 16) continue;
    need(dcn_model_copy_parameter(a, info.name, x, info.element_count), info.name);
    need(dcn_model_copy_parameter(b, info.name, y, info.element_count), info.name);
    if (memcmp(x, y, (size_t)info.element_count * sizeof(float)) != 0) return 0;
    compared++;
  }
  return compared > 5;
}

/* A phase by its name: its number is its place. */
static void other_family(const dcn_dataset *dataset) {
  dcn_trainer_options options = DCN_TRAINER_OPTIONS_INIT;
  dcn_model *model, *trained;
  dcn_trainer *trainer;
  watch seen = {-1, 0, 0, 0, 0, 0};
  float bias[3] = {0, 0, 0};
  need(dcn_model_create("{\"preset\": \"tiny\", \"family\": \"fcn\"}", names, 2, DCN_PART_NONE, 0, &model), "an FCN");
  options.settings = "{\"solver\": {\"maximum_iterations\": 2, \"base_learning_rate\": 0.01}}";
  need(dcn_trainer_create_phase(model, "fcn32s", dataset, NULL, &options, &trainer), "dcn_trainer_create_phase");
  need(dcn_trainer_run(trainer, observe, &seen), "dcn_trainer_run");
  check(seen.calls == 2 && seen.phase == 1, "progress of a phase by its name");
  need(dcn_trainer_model(trainer, &trained), "dcn_trainer_model");
  need(dcn_model_copy_parameter(trained, "score_fr.bias", bias, 3), "dcn_model_copy_parameter");
  check(bias[0] != 0 && strcmp(dcn_model_family(trained), "fcn") == 0, "an FCN is trained");
  dcn_model_free(trained);
  dcn_trainer_free(trainer);
  dcn_model_free(model);
}

int main(int argc, char **argv) {
  char run[1200], path[1200];
  dcn_model *empty, *whole, *resumed, *both, *reopened, *early, *larger;
  dcn_dataset *dataset;
  dcn_trainer *trainer;
  dcn_session *session;
  dcn_report *report;
  dcn_trainer_options options = DCN_TRAINER_OPTIONS_INIT;
  watch seen = {-1, 0, 0, 0, 0, 0};
  const char *const more[2] = {"disc", "ring"};
  if (argc != 3) return 2;
  snprintf(run, sizeof run, "%s/run", argv[1]);
  need(dcn_dataset_open(argv[2], NULL, &dataset), "dcn_dataset_open");
  need(dcn_model_create("tiny", names, 2, DCN_PART_NONE, 0, &empty), "dcn_model_create");
  options.settings = settings;
  options.threads = 1;
  options.evaluate_every = 3;
  need(dcn_trainer_create(empty, DCN_PHASE_CLASSIFICATION, dataset, dataset, &options, &trainer), "dcn_trainer_create");
  need(dcn_trainer_run(trainer, observe, &seen), "dcn_trainer_run");
  check(seen.calls == 6 && seen.evaluations == 2 && dcn_trainer_iteration(trainer) == 6, "progress and evaluation");
  need(dcn_trainer_model(trainer, &whole), "dcn_trainer_model");
  dcn_trainer_free(trainer);
  check(dcn_model_parts(empty) == DCN_PART_NONE && dcn_model_parts(whole) == DCN_PART_CLASSIFICATION,
        "the model handed in is not changed");

  options.run_directory = run;
  options.threads = 2;
  need(dcn_trainer_create(empty, DCN_PHASE_CLASSIFICATION, dataset, dataset, &options, &trainer), "dcn_trainer_create");
  seen.stop_at = 2;
  check(dcn_trainer_run(trainer, observe, &seen) == DCN_STATUS_CANCELLED, "a callback cancels");
  need(dcn_trainer_model(trainer, &early), "the model of a cancelled run");
  check(!equal(early, whole) && dcn_trainer_iteration(trainer) == 2, "a cancelled run has its model so far");
  dcn_trainer_free(trainer);
  check(dcn_trainer_create(empty, DCN_PHASE_CLASSIFICATION, dataset, NULL, &options, &trainer) == DCN_STATUS_STATE,
        "a directory that holds a run is refused");
  options.existing_run = DCN_RUN_RESUME;
  need(dcn_trainer_create(empty, DCN_PHASE_CLASSIFICATION, dataset, dataset, &options, &trainer), "resume");
  check(dcn_trainer_iteration(trainer) == 2, "a resumed run knows its iteration");
  seen.stop_at = -1;
  need(dcn_trainer_run(trainer, observe, &seen), "dcn_trainer_run");
  need(dcn_trainer_model(trainer, &resumed), "dcn_trainer_model");
  dcn_trainer_free(trainer);
  check(equal(whole, resumed), "resumed on two threads: the bits of an uninterrupted run on one");

  options.run_directory = NULL;
  options.settings = settings2;
  options.whole_images = 1;
  options.evaluate_every = 4;
  options.prediction = "{\"treshold\": 0.4}";
  check(dcn_trainer_create(whole, DCN_PHASE_SEGMENTATION, dataset, dataset, &options, &trainer) == DCN_STATUS_FORMAT &&
          strstr(dcn_last_error(), "treshold"), "an unknown setting of prediction is refused");
  options.prediction = "{\"threshold\": 0.4, \"refinements\": [\"guided\"]}";
  need(dcn_trainer_create(whole, DCN_PHASE_SEGMENTATION, dataset, dataset, &options, &trainer), "phase 2");
  cancelled_trainer = trainer;
  check(dcn_trainer_run(trainer, cancel_elsewhere, NULL) == DCN_STATUS_CANCELLED, "another thread cancels");
  seen.evaluations = seen.conversions = 0;
  need(dcn_trainer_run(trainer, observe, &seen), "a cancelled run goes on");
  check(seen.evaluations == 1 && seen.conversions == 2, "whole images are evaluated, statistics are converted");
  need(dcn_trainer_model(trainer, &both), "dcn_trainer_model");
  dcn_trainer_free(trainer);
  check(dcn_model_parts(both) == DCN_PART_ALL && equal(whole, both), "phase 2 leaves the classification as it is");

  snprintf(path, sizeof path, "%s/both.safetensors", argv[1]);
  need(dcn_model_save(both, path), "dcn_model_save");
  need(dcn_model_open(path, &reopened), "dcn_model_open");
  check(equal(both, reopened) && strcmp(dcn_model_description(both), dcn_model_description(reopened)) == 0,
        "a saved model opens as it was");
  need(dcn_session_create(reopened, NULL, &session), "dcn_session_create");
  dcn_model_free(reopened);
  need(dcn_session_evaluate(session, dataset, 1, NULL, NULL, &report), "a session outlives the handle of its model");
  check(dcn_report_number(report, "mean_iou") >= 0 && dcn_report_number(report, "mean_iou") <= 1 &&
            strstr(dcn_report_text(report), "square") != NULL,
        "an evaluation");
  dcn_report_free(report);
  dcn_session_free(session);

  need(dcn_model_extend(both, more, 2, 3, &larger), "dcn_model_extend");
  check(dcn_model_class_count(larger) == 3 && dcn_model_parts(larger) == DCN_PART_ALL, "a class is added");
  dcn_model_free(larger);
  dcn_model_free(both);
  dcn_model_free(early);
  dcn_model_free(resumed);
  dcn_model_free(whole);
  dcn_model_free(empty);
  other_family(dataset);
  dcn_dataset_free(dataset);
  return check_failures ? 1 : 0;
}
