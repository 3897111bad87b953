/* soak COUNT [BACKEND]: predictions of all sizes, sessions that come and go, calls that fail: memory must stay as it is. */
#include <string.h>
#include <unistd.h>

#include "check.h"

/* Memory of this process in kilobytes. */
static long resident(void) {
  long total = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &total, &pages) != 2) pages = -1;
  if (file) fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static dcn_session *session_on(const dcn_model *model, const char *backend, int i) {
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  dcn_session *session;
  options.backend = backend;
  options.threads = 1 + i % 2;
  options.foreground_maps = 1;
  options.threshold = i % 3 == 0 ? 0.1f : 0.5f;
  need(dcn_session_create(model, &options, &session), "dcn_session_create");
  return session;
}

int main(int argc, char **argv) {
  static const char *const names[2] = {"square", "disc"};
  static uint8_t pixels[96 * 96 * 3];
  dcn_model *model;
  dcn_session *session = NULL;
  dcn_image image = DCN_IMAGE_INIT;
  int count = argc > 1 ? atoi(argv[1]) : 0, i, failures = 0;
  const char *backend = argc > 2 ? argv[2] : "reference";
  long begin = 0, end;
  if (count < 20) return 2;
  for (i = 0; i < (int)sizeof pixels; i++) pixels[i] = (uint8_t)(i * 7 + i / 300);
  need(dcn_model_create("tiny", names, 2, DCN_PART_ALL, 1, &model), "dcn_model_create");
  image.pixels = pixels;
  for (i = 0; i < count; i++) {
    dcn_result *result;
    /* The first fifth is for whatever is made once. */
    if (i == count / 5) begin = resident();
    if (i % 50 == 0) {
      dcn_session_free(session);
      session = session_on(model, backend, i / 50);
    }
    image.width = 8 + i % 89;
    image.height = 8 + i * 31 % 89;
    failures += dcn_session_predict(session, &image, &result) != DCN_STATUS_OK || !dcn_result_label_map(result, &image.width, &image.height);
    dcn_result_free(result);
    image.width = 0;
    failures += dcn_session_predict(session, &image, &result) != DCN_STATUS_INVALID_ARGUMENT;
  }
  end = resident();
  dcn_session_free(session);
  dcn_model_free(model);
  check(failures == 0, "%d predictions on %s", count, backend);
  check(end - begin < 2048, "memory after a fifth of %d predictions on %s is %ld KB and at their end %ld KB", count, backend, begin, end);
  return check_failures ? 1 : 0;
}
