/* foreign_overhead RUNS PLUGIN[:CONFIGURATION]...: nanoseconds of one small matrix product through each plugin, without the
 * engine. What a call through libffi costs is the difference between foreign:openblas and openblas.
 *
 *   gcc -O2 -IInclude -o foreign_overhead benchmarks/foreign_overhead.c -ldl
 *   ./foreign_overhead 2000000 .build/release/libdecoupled-backend-openblas.so \
 *     .build/release/libdecoupled-backend-foreign.so:openblas */
#define _POSIX_C_SOURCE 200809L
#include <decoupled/backend.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZE = 4, REPEATS = 7 };

static void ignore(int32_t level, const char *message) { (void)level, (void)message; }

/* One lane, the caller's. */
static int32_t in_turn(void *session, int64_t count, dcn_task task, void *data) {
  int64_t i;
  (void)session;
  for (i = 0; i < count; i++) task(i, 0, data);
  return DCN_STATUS_OK;
}

static int32_t never(void *session) {
  (void)session;
  return 0;
}

static const dcn_host host = {sizeof host, DCN_BACKEND_CONTRACT_VERSION, ignore, in_turn, never};

static dcn_tensor matrix(float *elements) {
  dcn_tensor tensor = {sizeof tensor, DCN_ELEMENT_F32, NULL, 0, 2, DCN_LAYOUT_NCHW, {SIZE, SIZE}, {SIZE, 1}, NULL};
  tensor.buffer = elements;
  return tensor;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int stop(const char *what, const char *message) {
  fprintf(stderr, "%s: %s\n", what, message);
  return 1;
}

static int measure(char *plugin, long runs) {
  static float a[SIZE * SIZE], b[SIZE * SIZE], c[SIZE * SIZE];
  char message[1024] = "no reason given", *configuration = strstr(plugin, ".so:");
  dcn_operand inputs[2], output;
  dcn_node node = {sizeof node, DCN_OPERATOR_GEMM, "product", NULL, NULL, inputs, &output, 0, 2, 1, 0};
  dcn_tensor in[2], out = matrix(c);
  dcn_kernel_info info = {sizeof info, 0, 0, 0};
  dcn_run_context context = {sizeof context, 1, NULL, NULL, NULL, 0, NULL, &host};
  const dcn_backend_table *table;
  dcn_backend_entry_function entry;
  dcn_backend *backend;
  dcn_kernel *kernel;
  double best = 1e9;
  int32_t status, i;
  long run;
  if (configuration) {
    configuration[3] = 0;
    configuration += 4;
  }
  *(void **)&entry = dlsym(dlopen(plugin, RTLD_NOW | RTLD_LOCAL), DCN_BACKEND_ENTRY_SYMBOL);
  if (!entry) return stop(plugin, "is no plugin");
  table = entry(&host, DCN_BACKEND_CONTRACT_VERSION, message, sizeof message);
  if (!table) return stop(plugin, message);
  status = configuration ? table->create_configured(0, configuration, &backend, message, sizeof message)
                         : table->create(0, &backend, message, sizeof message);
  if (status) return stop(plugin, message);
  in[0] = matrix(a);
  in[1] = matrix(b);
  memset(inputs, 0, sizeof inputs);
  memset(&output, 0, sizeof output);
  for (i = 0; i < 2; i++) {
    inputs[i].struct_size = sizeof inputs[i];
    inputs[i].value = i;
    inputs[i].tensor = matrix(NULL);
  }
  output.struct_size = sizeof output;
  output.value = 2;
  output.tensor = matrix(NULL);
  status = table->kernel_create(backend, &node, 1, &kernel, &info, message, sizeof message);
  if (status || info.workspace_size || info.lane_workspace_size) return stop(plugin, status ? message : "wants a workspace");
  for (i = 0; i < REPEATS; i++) {
    double began = seconds(), took;
    for (run = 0; run < runs; run++) {
      if (table->run(kernel, in, 2, &out, 1, &context, message, sizeof message)) return stop(plugin, message);
    }
    took = seconds() - began;
    if (took < best) best = took;
  }
  printf("%s%s%s: %.1f ns a product of %d x %d, best of %d\n", plugin, configuration ? ":" : "",
         configuration ? configuration : "", 1e9 * best / (double)runs, SIZE, SIZE, REPEATS);
  return 0;
}

int main(int argc, char **argv) {
  long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
  int i;
  if (runs <= 0) return stop(argv[0], "give the number of runs and the paths of plugins");
  for (i = 2; i < argc; i++) if (measure(argv[i], runs)) return 1;
  return 0;
}
