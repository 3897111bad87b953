/* The example plugin with one deliberate fault, for tests of --verify: compile with -DFAULT=NAME. Each fault is one that a
 * kernel's author makes: a tap of the window dropped, a channel taken from its neighbour, the tail of a tensor never
 * written, a write behind an output or a workspace, an input used as scratch. */
#define DCN_BACKEND_PLUGIN
#include <decoupled/backend.h>
#undef DCN_BACKEND_PLUGIN
#define dcn_backend_entry original_entry
#include "../../examples/plugin/convolution.c"
#undef dcn_backend_entry

enum { NONE, TAP, CHANNEL, TAIL, OUTSIDE, WORKSPACE, INPUT, NOT_A_NUMBER };

static int64_t count_of(const dcn_tensor *tensor) {
  int64_t count = 1;
  int32_t axis;
  for (axis = 0; axis < tensor->rank; axis++) count *= tensor->dims[axis];
  return count;
}

/* Elements from the first to behind the last: weights may be a slice of larger ones. */
static int64_t span_of(const dcn_tensor *tensor) {
  int64_t span = 1;
  int32_t axis;
  for (axis = 0; axis < tensor->rank; axis++) span += (tensor->dims[axis] - 1) * tensor->strides[axis];
  return span;
}

static int32_t faulty_run(dcn_kernel *kernel, const dcn_tensor *inputs, int32_t input_count, const dcn_tensor *outputs,
                          int32_t output_count, const dcn_run_context *context, char *message, size_t capacity) {
  dcn_tensor changed[3];
  const dcn_tensor *y = &outputs[0], *w = &inputs[1];
  int64_t count = count_of(y), plane = y->dims[2] * y->dims[3];
  float *out = elements(y), *weights = malloc((size_t)span_of(w) * sizeof *weights);
  float kept = out[count - 1];
  int32_t status;
  if (!weights || input_count > 3) return fail(DCN_STATUS_OUT_OF_MEMORY, "no memory", message, capacity);
  memcpy(changed, inputs, (size_t)input_count * sizeof *inputs);
  memcpy(weights, elements(w), (size_t)span_of(w) * sizeof *weights);
  changed[1].buffer = weights;
  changed[1].byte_offset = 0;
  if (FAULT == TAP) {
    int64_t m;
    for (m = 0; m < w->dims[0]; m++) weights[m * w->strides[0] + w->strides[2] + w->strides[3]] = 0;
  }
  status = run(kernel, changed, input_count, outputs, output_count, context, message, capacity);
  free(weights);
  if (FAULT == CHANNEL) memmove(out + plane, out, (size_t)plane * sizeof *out);
  if (FAULT == TAIL) out[count - 1] = kept;
  if (FAULT == OUTSIDE) out[count] = 1;
  if (FAULT == WORKSPACE) {
    char *lanes = context->lane_workspace;
    lanes[(uint64_t)context->lanes * context->lane_workspace_size] = 1;
  }
  if (FAULT == INPUT) elements(&inputs[0])[0] += 1;
  if (FAULT == NOT_A_NUMBER) out[0] = (float)(1e300 * 1e300 * 0);
  return status;
}

const dcn_backend_table *dcn_backend_entry(const dcn_host *host, uint32_t host_version, char *message, size_t capacity) {
  static dcn_backend_table table;
  table = *original_entry(host, host_version, message, capacity);
  table.name = "faulty";
  table.run = faulty_run;
  return &table;
}
