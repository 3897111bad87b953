/* A plugin in plain C that runs Relu and Conv (row-major, float32, one pair of pads) and does one thing wrong, chosen by
 * -DFAULT=name when it is compiled. FAULT=none is a right plugin. */
#include <decoupled/backend.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  none, too_old, too_new, short_table, null_slot, bad_name, half_packing, init_fails, init_blocks, init_crashes,
  init_exits, create_fails, no_instance, score_zero, takes_too_many, changes_its_mind, lies, fills_too_much, writes_behind, writes_input,
  returns_nan, run_blocks, run_crashes, run_exits, run_fails, late_call, device_memory, long_message, drops_tap, shifts_channel, leaves_tail, by_lane
};

#ifndef ENTRY
#define ENTRY dcn_backend_entry
#endif

struct dcn_kernel {
  int32_t kind;
  int64_t pads[4], strides[2];
};

static const dcn_host *host;

/* late_call: a thread of the plugin that goes on when its instance is gone, and hands the host what was in it. */
static volatile int is_destroyed;

static void *call_late(void *name) {
  while (!is_destroyed) usleep(1000);
  host->log(DCN_LOG_INFO, name);
  return NULL;
}

static const int64_t *integers(const dcn_node *node, const char *name, int32_t count) {
  for (int32_t i = 0; i < node->attribute_count; i++)
    if (!strcmp(node->attributes[i].name, name) && node->attributes[i].count == count) return node->attributes[i].integers;
  return NULL;
}

static int plain(const dcn_operand *operand, int32_t rank) {
  const dcn_tensor *t = &operand->tensor;
  if (operand->flags & DCN_OPERAND_ABSENT) return 0;
  if (t->element_type != DCN_ELEMENT_F32 || t->layout != DCN_LAYOUT_NCHW || (rank && t->rank != rank)) return 0;
  int64_t expected = 1;
  for (int32_t axis = t->rank - 1; axis >= 0; axis--) {
    if (t->dims[axis] != 1 && t->strides[axis] != expected) return 0;
    expected *= t->dims[axis];
  }
  return 1;
}

static int takes(const dcn_node *node) {
  if (node->kind == DCN_OPERATOR_RELU) {
    if (node->attribute_count || !plain(node->inputs, 0) || !plain(node->outputs, 0)) return 0;
    return node->inputs->tensor.rank == node->outputs->tensor.rank &&
           !memcmp(node->inputs->tensor.dims, node->outputs->tensor.dims, sizeof node->inputs->tensor.dims);
  }
  if (node->kind != DCN_OPERATOR_CONV || node->input_count < 2) return 0;
  const dcn_tensor *x = &node->inputs[0].tensor, *w = &node->inputs[1].tensor, *y = &node->outputs[0].tensor;
  const int hasBias = node->input_count > 2 && !(node->inputs[2].flags & DCN_OPERAND_ABSENT);
  if (!plain(node->inputs, 4) || !plain(node->inputs + 1, 4) || !plain(node->outputs, 4)) return 0;
  if (hasBias && !plain(node->inputs + 2, 1)) return 0;
  const int64_t *pads = integers(node, "pads", 4), *strides = integers(node, "strides", 2);
  const int64_t *dilations = integers(node, "dilations", 2);
  if (node->attribute_count != (pads != NULL) + (strides != NULL) + (dilations != NULL)) return 0;
  if (dilations && (dilations[0] != 1 || dilations[1] != 1)) return 0;
  for (int axis = 0; axis < 2; axis++) {
    const int64_t padded = x->dims[2 + axis] + (pads ? pads[axis] + pads[axis + 2] : 0);
    if (y->dims[2 + axis] != (padded - w->dims[2 + axis]) / (strides ? strides[axis] : 1) + 1) return 0;
  }
  /* The plain loops below would take seconds for a layer of a real network. */
  if (y->dims[0] * y->dims[1] * y->dims[2] * y->dims[3] * w->dims[1] * w->dims[2] * w->dims[3] > 20000000) return 0;
  return y->dims[0] == x->dims[0] && y->dims[1] == w->dims[0] && x->dims[1] == w->dims[1];
}

static int32_t score(void) { return FAULT == score_zero ? 0 : 2; }

static int32_t create(int32_t device, dcn_backend **backend, char *message, size_t capacity) {
  if (device != 0 || FAULT == create_fails) {
    snprintf(message, capacity, "device %d is out of order", (int)device);
    return DCN_STATUS_BACKEND;
  }
  if (FAULT == no_instance) return DCN_STATUS_OK;
  void *instance = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (instance == MAP_FAILED) return DCN_STATUS_OUT_OF_MEMORY;
  pthread_t thread;
  if (FAULT == late_call) pthread_create(&thread, NULL, call_late, instance);
  *backend = instance;
  return DCN_STATUS_OK;
}

static void destroy(dcn_backend *backend) {
  munmap(backend, 4096);
  is_destroyed = 1;
  if (FAULT == late_call) sleep(1);
}

static int32_t supports(dcn_backend *backend, const dcn_node *nodes, int32_t count) {
  (void)backend;
  static int asked;
  if (FAULT == takes_too_many) return count + 1;
  if (FAULT == lies) return nodes[0].kind == DCN_OPERATOR_SIGMOID || takes(nodes);
  if (FAULT == changes_its_mind && ++asked % 2 == 0) return 0;
  return takes(nodes);
}

static int32_t kernel_create(dcn_backend *backend, const dcn_node *nodes, int32_t count, dcn_kernel **kernel,
                             dcn_kernel_info *info, char *message, size_t capacity) {
  (void)backend, (void)count;
  if (FAULT == fills_too_much) info->work_share = 1;
  if (!takes(nodes)) {
    snprintf(message, capacity, "there is no kernel for %s", nodes->name);
    return DCN_STATUS_UNSUPPORTED;
  }
  struct dcn_kernel *made = calloc(1, sizeof *made);
  if (!made) return DCN_STATUS_OUT_OF_MEMORY;
  made->kind = nodes->kind;
  made->strides[0] = made->strides[1] = 1;
  const int64_t *pads = integers(nodes, "pads", 4), *strides = integers(nodes, "strides", 2);
  if (pads) memcpy(made->pads, pads, sizeof made->pads);
  if (strides) memcpy(made->strides, strides, sizeof made->strides);
  *kernel = made;
  return DCN_STATUS_OK;
}

static void kernel_destroy(dcn_kernel *kernel) { free(kernel); }

static float *elements(const dcn_tensor *tensor) { return (float *)((char *)tensor->buffer + tensor->byte_offset); }

static int64_t size(const dcn_tensor *tensor) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < tensor->rank; axis++) count *= tensor->dims[axis];
  return count;
}

static void convolve(const dcn_kernel *kernel, const dcn_tensor *in, const dcn_tensor *out) {
  const int64_t *x = in[0].dims, *w = in[1].dims, *y = out->dims;
  const float *image = elements(in), *weights = elements(in + 1), *bias = in[2].buffer ? elements(in + 2) : NULL;
  float *result = elements(out);
  for (int64_t n = 0; n < y[0]; n++)
    for (int64_t m = 0; m < y[1]; m++)
      for (int64_t oy = 0; oy < y[2]; oy++)
        for (int64_t ox = 0; ox < y[3]; ox++) {
          const int64_t place = ((n * y[1] + m) * y[2] + oy) * y[3] + ox;
          if (FAULT == leaves_tail && place >= (size(out) - 1) / 16 * 16) continue;
          const int64_t used = FAULT == shifts_channel && m == y[1] - 1 ? 0 : m;
          double sum = bias ? bias[used] : 0;
          for (int64_t c = 0; c < x[1]; c++)
            for (int64_t i = 0; i < w[2]; i++)
              for (int64_t j = 0; j < w[3]; j++) {
                const int64_t iy = oy * kernel->strides[0] + i - kernel->pads[0];
                const int64_t ix = ox * kernel->strides[1] + j - kernel->pads[1];
                if (FAULT == drops_tap && c == 0 && i == w[2] - 1 && j == w[3] - 1) continue;
                if (iy < 0 || iy >= x[2] || ix < 0 || ix >= x[3]) continue;
                sum += (double)image[((n * x[1] + c) * x[2] + iy) * x[3] + ix] *
                       weights[((used * x[1] + c) * w[2] + i) * w[3] + j];
              }
          result[place] = (float)sum;
        }
}

static int32_t run(dcn_kernel *kernel, const dcn_tensor *inputs, int32_t input_count, const dcn_tensor *outputs,
                   int32_t output_count, const dcn_run_context *context, char *message, size_t capacity) {
  (void)output_count;
  if (FAULT == run_blocks) sleep(1000);
  if (FAULT == run_crashes) *(volatile int *)8 = 1;
  if (FAULT == run_exits) _exit(0);
  static int runs;
  if (FAULT == run_fails && ++runs > 2) {
    snprintf(message, capacity, "the card fell off its bus");
    return DCN_STATUS_BACKEND;
  }
  if (FAULT == long_message) {
    memset(message, 'x', capacity + 1);
    return DCN_STATUS_INTERNAL;
  }
  dcn_tensor three[3] = {{0}};
  memcpy(three, inputs, sizeof *inputs * (size_t)(input_count < 3 ? input_count : 3));
  float *y = elements(outputs);
  if (kernel->kind == DCN_OPERATOR_CONV) {
    convolve(kernel, three, outputs);
  } else {
    const float *x = elements(inputs);
    for (int64_t i = 0; i < size(outputs); i++) y[i] = x[i] < 0 ? 0 : x[i];
  }
  if (FAULT == writes_behind) y[size(outputs)] = 0;
  if (FAULT == writes_input) elements(inputs)[0] = 0;
  if (FAULT == returns_nan) y[0] = NAN;
  if (FAULT == by_lane) y[0] += (float)(context->lanes - 1) * 1e-3f;
  return DCN_STATUS_OK;
}

static uint64_t packing(dcn_kernel *kernel, int32_t input) {
  (void)kernel, (void)input;
  return 0;
}

static int32_t buffer_create(dcn_backend *backend, uint64_t size, dcn_buffer **buffer, char *message, size_t capacity) {
  (void)backend, (void)size, (void)buffer, (void)message, (void)capacity;
  return DCN_STATUS_UNSUPPORTED;
}

static dcn_backend_table table = {
    .struct_size = sizeof(dcn_backend_table), .contract_version = DCN_BACKEND_CONTRACT_VERSION, .name = "fixture",
    .variant = "", .version = "1", .score = score, .create = create, .destroy = destroy, .supports = supports,
    .kernel_create = kernel_create, .kernel_destroy = kernel_destroy, .run = run};

__attribute__((visibility("default"))) const dcn_backend_table *ENTRY(const dcn_host *services, uint32_t version,
                                                                      char *message, size_t capacity);

const dcn_backend_table *ENTRY(const dcn_host *services, uint32_t version, char *message, size_t capacity) {
  (void)version;
  host = services;
  if (FAULT == too_old) table.contract_version = DCN_BACKEND_CONTRACT_VERSION - 1;
  if (FAULT == too_new) table.contract_version = DCN_BACKEND_CONTRACT_VERSION + 1;
  if (FAULT == short_table) table.struct_size = 32;
  if (FAULT == null_slot) table.run = NULL;
  if (FAULT == bad_name) table.name = "a name; with more";
  if (FAULT == half_packing) table.packing = packing;
  if (FAULT == device_memory) table.buffer_create = buffer_create;
  if (FAULT == init_blocks) sleep(1000);
  if (FAULT == init_crashes) *(volatile int *)8 = 1;
  if (FAULT == init_exits) _exit(0);
  if (FAULT == init_fails) {
    snprintf(message, capacity, "the licence server is on fire");
    return NULL;
  }
  return &table;
}
