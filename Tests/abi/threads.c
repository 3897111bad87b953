/* threads DATASET: one call at a time per session, cancelling from another thread, models that are in use. */
#include <pthread.h>
#include <string.h>

#include "check.h"

static dcn_session *session;
static dcn_step *step;
static int32_t inner_status = -1, inner_apply = -1;

/* Uses the session from inside a call that is using it, and cancels that call. */
static int32_t from_inside(int64_t done, int64_t total, void *user_data) {
  float scores[24];
  dcn_image image = DCN_IMAGE_INIT;
  static uint8_t pixels[12];
  (void)done, (void)total, (void)user_data;
  image.width = image.height = 2;
  image.pixels = pixels;
  inner_status = dcn_session_classify(session, &image, 1, scores, 2);
  inner_apply = dcn_step_apply(step, 0.1);
  return 0;
}

static void *cancel(void *unused) {
  (void)unused;
  dcn_session_cancel(session);
  return NULL;
}

static int32_t cancel_from_thread(int64_t done, int64_t total, void *user_data) {
  pthread_t thread;
  (void)done, (void)total, (void)user_data;
  pthread_create(&thread, NULL, cancel, NULL);
  pthread_join(thread, NULL);
  return 0;
}

/* Each thread has a session of its own on one model. */
static void *predict(void *model) {
  static const uint8_t pixels[40 * 40 * 3] = {200, 10, 10};
  dcn_session *own;
  dcn_image image = DCN_IMAGE_INIT;
  int i, failures = 0;
  image.width = image.height = 40;
  image.pixels = pixels;
  if (dcn_session_create((const dcn_model *)model, NULL, &own)) return model;
  for (i = 0; i < 5; i++) {
    dcn_result *result;
    if (dcn_session_predict(own, &image, &result)) failures++;
    dcn_result_free(result);
  }
  dcn_session_free(own);
  return failures ? model : NULL;
}

/* Threads of this process. */
static int thread_count(void) {
  char line[256];
  int count = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) sscanf(line, "Threads: %d", &count);
  if (status) fclose(status);
  return count;
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  static float image[3 * 32 * 32], labels[2];
  dcn_model *model;
  dcn_dataset *dataset;
  dcn_report *report;
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_image picture = DCN_IMAGE_INIT;
  static uint8_t pixels[48];
  float scores[2];
  pthread_t threads[4];
  int i, failures = 0;
  if (argc != 2) return 2;
  need(dcn_dataset_open(argv[1], NULL, &dataset), "dcn_dataset_open");
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  need(dcn_step_create(model, DCN_PHASE_CLASSIFICATION, 1, NULL, &step), "dcn_step_create");
  need(dcn_step_compute(step, image, labels, NULL, NULL), "dcn_step_compute");
  options.backend = "reference";
  picture.width = picture.height = 4;
  picture.pixels = pixels;
  need(dcn_session_create(model, &options, &session), "dcn_session_create");
  need(dcn_session_evaluate(session, dataset, 0, from_inside, NULL, &report), "dcn_session_evaluate");
  check(inner_status == DCN_STATUS_STATE, "a busy session refuses a second call");
  check(inner_apply == DCN_STATUS_STATE, "a model in use is not changed");
  check(dcn_report_number(report, "images") == 12 && dcn_report_number(report, "masks") == 6, "numbers of a report");
  dcn_report_free(report);
  check(dcn_session_evaluate(session, dataset, 0, cancel_from_thread, NULL, &report) == DCN_STATUS_CANCELLED,
        "a session is cancelled from another thread");
  need(dcn_session_evaluate(session, dataset, 1, NULL, NULL, &report), "a session works again after that");
  dcn_report_free(report);
  check(dcn_step_apply(step, 0.1) == DCN_STATUS_OK, "a model that is free again is changed");
  dcn_step_free(step);
  dcn_session_free(session);
  for (i = 0; i < 4; i++) pthread_create(&threads[i], NULL, predict, model);
  for (i = 0; i < 4; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    if (failed) failures++;
  }
  check(failures == 0, "four threads share a model");
  i = thread_count();
  options.threads = 4;
  for (failures = 0; failures < 40; failures++) {
    need(dcn_session_create(model, &options, &session), "dcn_session_create");
    if (failures % 2) need(dcn_session_classify(session, &picture, 1, scores, 2), "dcn_session_classify");
    dcn_session_free(session);
  }
  check(thread_count() == i, "forty sessions come and go and leave no thread behind (%d, %d)", i, thread_count());
  dcn_model_free(model);
  dcn_dataset_free(dataset);
  return check_failures ? 1 : 0;
}
