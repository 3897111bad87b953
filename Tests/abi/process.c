/* process LIBRARY COPY PLUGIN: the library as programs load it at run time. COPY is another file with the same contents, as a
 * second version of the library would be. Not linked with the library. */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* The functions of one copy of the library that this program uses. */
struct library {
  void *handle;
  int32_t (*version)(void);
  const char *(*last_error)(void);
  void (*set_log_callback)(dcn_log_callback, void *);
  int32_t (*model_create)(const char *, const char *const *, int32_t, int32_t, uint64_t, dcn_model **);
  void (*model_free)(dcn_model *);
  int32_t (*session_create)(const dcn_model *, const dcn_session_options *, dcn_session **);
  int32_t (*session_predict)(dcn_session *, const dcn_image *, dcn_result **);
  void (*session_free)(dcn_session *);
  const float *(*result_scores)(const dcn_result *, int32_t *);
  void (*result_free)(dcn_result *);
};

static const char *library_path, *copy_path, *plugin_path;
static pthread_barrier_t together;

/* A function of a library; C allows the way over memory and not the cast. */
static void find(struct library *library, const char *name, void *function) {
  void *address = dlsym(library->handle, name);
  memcpy(function, &address, sizeof address);
}

static int open_library(struct library *library, const char *path) {
  library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) {
    fprintf(stderr, "%s\n", dlerror());
    return 0;
  }
  find(library, "dcn_version", &library->version);
  find(library, "dcn_last_error", &library->last_error);
  find(library, "dcn_set_log_callback", &library->set_log_callback);
  find(library, "dcn_model_create", &library->model_create);
  find(library, "dcn_model_free", &library->model_free);
  find(library, "dcn_session_create", &library->session_create);
  find(library, "dcn_session_predict", &library->session_predict);
  find(library, "dcn_session_free", &library->session_free);
  find(library, "dcn_result_scores", &library->result_scores);
  find(library, "dcn_result_free", &library->result_free);
  return library->version() > 0;
}

static int predict(const struct library *library, dcn_session *session, float scores[2]) {
  static uint8_t pixels[40 * 40 * 3] = {200, 10, 10};
  dcn_image image = DCN_IMAGE_INIT;
  dcn_result *result = NULL;
  int32_t count = 0;
  const float *found;
  image.width = image.height = 40;
  image.pixels = pixels;
  if (library->session_predict(session, &image, &result)) return 0;
  found = library->result_scores(result, &count);
  if (found && count == 2) memcpy(scores, found, 2 * sizeof *scores);
  library->result_free(result);
  return found && count == 2;
}

struct user {
  struct library library;
  dcn_model *model;
  dcn_session *session;
  float scores[2];
};

static int begin(struct user *user, const char *path, const char *backend) {
  static const char *const names[2] = {"square", "disc"};
  dcn_session_options options = DCN_SESSION_OPTIONS_INIT;
  options.backend = backend;
  options.threads = 2;
  return open_library(&user->library, path) && !user->library.model_create("tiny", names, 2, DCN_PART_ALL, 1, &user->model) &&
         !user->library.session_create(user->model, &options, &user->session);
}

static void end(struct user *user) {
  user->library.session_free(user->session);
  user->library.model_free(user->model);
}

static void *load_and_predict(void *data) {
  struct user *user = data;
  int passed;
  pthread_barrier_wait(&together);
  passed = begin(user, library_path, "reference") && predict(&user->library, user->session, user->scores);
  if (passed) end(user);
  return passed ? user : NULL;
}

static void *predict_often(void *data) {
  struct user *user = data;
  float scores[2];
  int i;
  pthread_barrier_wait(&together);
  for (i = 0; i < 20; i++) {
    if (!predict(&user->library, user->session, scores) || memcmp(scores, user->scores, sizeof scores)) return NULL;
  }
  return user;
}

static void count_lines(int32_t level, const char *message, void *user_data) {
  if (level >= 0 && strstr(message, "the kept plugin")) ++*(int *)user_data;
}

/* A child that goes on with what its parent made, and with what it makes itself. */
static void forks(struct user *user) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    struct user own;
    float scores[2];
    int passed;
    alarm(60); /* a child that waits for threads it does not have is ended by a signal */
    passed = predict(&user->library, user->session, scores) && !memcmp(scores, user->scores, sizeof scores);
    passed = begin(&own, library_path, "reference") && predict(&own.library, own.session, scores) && passed;
    end(&own);
    end(user);
    _exit(passed ? 0 : 1);
  }
  waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a forked child predicts with its parent's session and with its own");
  check(predict(&user->library, user->session, user->scores), "the parent goes on");
}

int main(int argc, char **argv) {
  static struct user users[8], one, two;
  pthread_t threads[8];
  void *passed;
  int i, good = 0, lines_one = 0, lines_two = 0;
  if (argc != 4) return 2;
  library_path = argv[1];
  copy_path = argv[2];
  plugin_path = argv[3];
  pthread_barrier_init(&together, NULL, 8);
  for (i = 0; i < 8; i++) pthread_create(&threads[i], NULL, load_and_predict, &users[i]);
  for (i = 0; i < 8; i++) {
    pthread_join(threads[i], &passed);
    good += passed != NULL && memcmp(users[i].scores, users[0].scores, sizeof users[0].scores) == 0;
  }
  check(good == 8, "eight threads load the library at once and predict the same (%d)", good);
  check(!dlsym(RTLD_DEFAULT, "dcn_version"), "RTLD_LOCAL keeps its functions to itself");
  check(begin(&one, library_path, "reference") && predict(&one.library, one.session, one.scores), "a session before a fork");
  forks(&one);
  end(&one);
  /* Two copies of the library share one plugin. */
  check(open_library(&one.library, library_path) && open_library(&two.library, copy_path) &&
            one.library.version != two.library.version,
        "two copies of the library are loaded");
  one.library.set_log_callback(count_lines, &lines_one);
  two.library.set_log_callback(count_lines, &lines_two);
  check(begin(&one, library_path, plugin_path) && begin(&two, copy_path, plugin_path), "both open the same plugin");
  check(predict(&one.library, one.session, one.scores) && predict(&two.library, two.session, two.scores) &&
            memcmp(one.scores, two.scores, sizeof one.scores) == 0,
        "both predict the same on it");
  pthread_barrier_init(&together, NULL, 2);
  pthread_create(&threads[0], NULL, predict_often, &one);
  pthread_create(&threads[1], NULL, predict_often, &two);
  for (good = i = 0; i < 2; i++) {
    pthread_join(threads[i], &passed);
    good += passed != NULL;
  }
  check(good == 2, "both predict on it at the same time");
  check(lines_one > 0 && lines_two > 0, "each has its own log (%d and %d lines)", lines_one, lines_two);
  end(&one);
  end(&two);
  return check_failures ? 1 : 0;
}
