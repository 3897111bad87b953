/* concurrent DATASET [ROUNDS]: sessions of one model on several threads, cancelled, logged and failing at the same time. Also built
 * with ThreadSanitizer by Tests/fuzz/run. */
#include <pthread.h>
#include <string.h>

#include "check.h"

enum { WORKERS = 4 };

static dcn_model *model;
static dcn_dataset *dataset;
static dcn_session *sessions[WORKERS];
static int rounds, stopping, lines;
static float expected[2];

static void hear(int32_t level, const char *message, void *user_data) {
  if (level >= 0 && message) __atomic_add_fetch((int *)user_data, 1, __ATOMIC_RELAXED);
}

/* Cancels whatever runs, replaces the log, and looks for backends, all the while. */
static void *disturb(void *unused) {
  unsigned i = 0;
  while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
    dcn_backends *backends = NULL;
    if (i % 3 == 0) dcn_session_cancel(sessions[i / 3 % WORKERS]);
    dcn_set_log_callback(i % 2 ? hear : NULL, &lines);
    if (i++ % 64 == 0 && dcn_backends_find(&backends)) return &lines;
    dcn_backends_free(backends);
  }
  return unused;
}

/* Predicts with a session of its own, makes mistakes, and reads its own errors. */
static void *work(void *number) {
  static uint8_t pixels[40 * 40 * 3] = {200, 10, 10};
  int own = *(int *)number, i, wrong = 0;
  char name[32];
  snprintf(name, sizeof name, "missing%d", own);
  for (i = 0; i < rounds; i++) {
    dcn_image image = DCN_IMAGE_INIT;
    dcn_result *result = NULL;
    dcn_tensor_info info = DCN_TENSOR_INFO_INIT;
    dcn_item item = DCN_ITEM_INIT;
    const float *scores;
    int32_t count, status;
    image.width = image.height = 40;
    image.pixels = pixels;
    wrong += dcn_model_parameter_find(model, name, &info) != DCN_STATUS_NOT_FOUND;
    status = dcn_session_predict(sessions[own], &image, &result);
    if (status == DCN_STATUS_OK) {
      scores = dcn_result_scores(result, &count);
      wrong += !scores || count != 2 || memcmp(scores, expected, sizeof expected) != 0;
      wrong += !strstr(dcn_last_error(), name);
    } else {
      wrong += status != DCN_STATUS_CANCELLED || result != NULL;
    }
    dcn_result_free(result);
    wrong += dcn_dataset_item(dataset, i % 12, &item) != DCN_STATUS_OK || !dcn_dataset_class_name(dataset, 0);
    if (i % 16 == 0) {
      dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
      dcn_session *session = NULL;
      options.threads = 2;
      options.backend = "reference";
      wrong += dcn_session_create(model, &options, &session) != DCN_STATUS_OK;
      dcn_session_free(session);
    }
  }
  return wrong ? number : NULL;
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  static uint8_t pixels[40 * 40 * 3] = {200, 10, 10};
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_image image = DCN_IMAGE_INIT;
  dcn_result *result;
  pthread_t threads[WORKERS], disturber;
  int numbers[WORKERS], i, wrong = 0;
  int32_t count;
  void *failed;
  if (argc < 2) return 2;
  rounds = argc > 2 ? atoi(argv[2]) : 40;
  options.backend = "reference";
  options.threads = 2;
  image.width = image.height = 40;
  image.pixels = pixels;
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  need(dcn_dataset_open(argv[1], NULL, &dataset), "dcn_dataset_open");
  for (i = 0; i < WORKERS; i++) need(dcn_session_create(model, &options, &sessions[i]), "dcn_session_create");
  need(dcn_session_predict(sessions[0], &image, &result), "dcn_session_predict");
  memcpy(expected, dcn_result_scores(result, &count), sizeof expected);
  dcn_result_free(result);
  pthread_create(&disturber, NULL, disturb, NULL);
  for (i = 0; i < WORKERS; i++) {
    numbers[i] = i;
    pthread_create(&threads[i], NULL, work, &numbers[i]);
  }
  for (i = 0; i < WORKERS; i++) {
    pthread_join(threads[i], &failed);
    wrong += failed != NULL;
  }
  __atomic_store_n(&stopping, 1, __ATOMIC_RELAXED);
  pthread_join(disturber, &failed);
  dcn_set_log_callback(NULL, NULL);
  check(!wrong && !failed, "%d threads predict, fail and are cancelled %d times each", WORKERS, rounds);
  for (i = 0; i < WORKERS; i++) dcn_session_free(sessions[i]);
  dcn_dataset_free(dataset);
  dcn_model_free(model);
  return check_failures ? 1 : 0;
}
