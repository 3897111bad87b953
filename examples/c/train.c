/* train: both phases on a data set, with progress; Ctrl-C stops after the iteration under way.
 *
 *     train DATASET MODEL.safetensors [ITERATIONS [PRESET]]
 *
 * DATASET is a folder in the layout of the VOC devkit or the plain one: images, image-level labels for all of them, masks
 * for a few. PRESET is the network to build, "tiny" by default.
 */
#include <decoupled/decoupled.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
  (void)signal;
  interrupted = 1;
}

/* Told after each iteration; not 0 cancels the run. */
static int32_t show(const dcn_progress *progress, void *user_data) {
  const char *phase = (const char *)user_data;
  if (progress->stage == DCN_STAGE_CONVERSION) {
    printf("%s: measuring statistics, batch %lld\n", phase, (long long)progress->iteration);
  } else {
    printf("%s: iteration %lld of %lld, loss %.4f, rate %g, %.1f images/s, %.0f s left\n", phase,
           (long long)progress->iteration, (long long)progress->maximum_iterations, progress->smoothed_loss,
           progress->learning_rate, progress->images_per_second, progress->remaining_seconds);
  }
  return interrupted;
}

/* Trains one phase and puts the new model in the place of the old one. */
static int32_t train(dcn_model **model, int32_t phase, const dcn_dataset *dataset, const char *settings,
                     const char *name) {
  dcn_trainer_options options = DCN_TRAINER_OPTIONS_INIT;
  dcn_trainer *trainer = NULL;
  dcn_model *trained = NULL;
  char title[64];
  int32_t status;
  snprintf(title, sizeof title, "%s", name);
  options.settings = settings;
  /* With options.run_directory, checkpoints and metrics are written and a stopped run can be resumed. */
  status = dcn_trainer_create(*model, phase, dataset, NULL, &options, &trainer);
  if (!status) status = dcn_trainer_run(trainer, show, title);
  if (!status) status = dcn_trainer_model(trainer, &trained);
  dcn_trainer_free(trainer);
  if (!status) {
    dcn_model_free(*model);
    *model = trained;
  }
  return status;
}

int main(int argc, char **argv) {
  dcn_dataset *dataset = NULL;
  dcn_model *model = NULL;
  const char **names;
  char settings1[256], settings2[256];
  int32_t count, i, status;
  int iterations;

  if (argc < 3) {
    fprintf(stderr, "usage: train DATASET MODEL.safetensors [ITERATIONS [PRESET]]\n");
    return 2;
  }
  iterations = argc > 3 ? atoi(argv[3]) : 200;
  signal(SIGINT, interrupt);
  if (dcn_dataset_open(argv[1], NULL, &dataset)) {
    fprintf(stderr, "%s\n", dcn_last_error());
    return 1;
  }
  printf("%d images, %d with labels, %d with masks\n", (int)dcn_dataset_item_count(dataset),
         (int)dcn_dataset_labelled_count(dataset), (int)dcn_dataset_strong_count(dataset));
  count = dcn_dataset_class_count(dataset);
  names = (const char **)malloc((size_t)count * sizeof *names);
  if (!names) return 1;
  for (i = 0; i < count; i++) names[i] = dcn_dataset_class_name(dataset, i);

  snprintf(settings1, sizeof settings1,
           "{\"solver\": {\"maximum_iterations\": %d, \"batch_size\": 4, \"iter_size\": 1, \"base_learning_rate\": 0.001}}",
           iterations);
  snprintf(settings2, sizeof settings2,
           "{\"solver\": {\"maximum_iterations\": %d, \"batch_size\": 4, \"iter_size\": 1},"
           " \"conversion\": {\"batches\": 8, \"batch_size\": 4}}",
           iterations);
  /* The trainers draw the weights. */
  status = dcn_model_create(argc > 4 ? argv[4] : "tiny", names, count, DCN_PART_NONE, 0, &model);
  if (!status) status = train(&model, DCN_PHASE_CLASSIFICATION, dataset, settings1, "classification");
  if (!status) status = train(&model, DCN_PHASE_SEGMENTATION, dataset, settings2, "segmentation");
  if (!status) status = dcn_model_save(model, argv[2]);
  if (status) fprintf(stderr, "%s: %s\n", dcn_status_name(status), dcn_last_error());
  else printf("%s\n", argv[2]);

  free(names);
  dcn_model_free(model);
  dcn_dataset_free(dataset);
  return status ? 1 : 0;
}
