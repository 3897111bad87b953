/* A backend in plain C: convolutions, alone or followed by Relu, on float32 in NCHW. Everything else is declined and runs
 * on the host's `reference`. docs/plugins.md walks through this file. */
#define DCN_BACKEND_PLUGIN
#include <decoupled/backend.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One task computes one row of the output, in blocks of CHANNELS x PIXELS sums that fit the registers of any x86-64. */
enum { CHANNELS = 4, PIXELS = 8 };

/* Sums are kept in float for this many input channels, then added up in double: long sums in float alone lose digits. */
enum { CHANNELS_PER_SUM = 16 };

/* What the host calls an instance of the backend and one of its kernels. */
struct dcn_backend {
  int32_t device;
};

struct dcn_kernel {
  int64_t stride[2], pad[4], dilation[2];
  int32_t relu;
};

/* ---- reading nodes --------------------------------------------------------------------------------------------------- */
/* Reads a list of exactly `count` integers. */
static int read_integers(const dcn_attribute *attribute, int64_t *values, int32_t count) {
  if (!attribute->integers || attribute->count != count) return 0;
  memcpy(values, attribute->integers, (size_t)count * sizeof *values);
  return 1;
}

/* An operand that this backend reads or writes: float32, NCHW, of that rank. */
static int is_plain(const dcn_operand *operand, int32_t rank) {
  return !(operand->flags & DCN_OPERAND_ABSENT) && operand->tensor.element_type == DCN_ELEMENT_F32 &&
         operand->tensor.layout == DCN_LAYOUT_NCHW && operand->tensor.rank == rank;
}

/* Whether the sizes belong together: whatever is taken here is computed later without another look. */
static int fits(const dcn_kernel *kernel, const dcn_tensor *x, const dcn_tensor *w, const dcn_tensor *y) {
  int axis;
  for (axis = 0; axis < 2; axis++) {
    int64_t before = kernel->pad[axis], after = kernel->pad[axis + 2], step = kernel->stride[axis];
    int64_t room = x->dims[axis + 2] + before + after - kernel->dilation[axis] * (w->dims[axis + 2] - 1) - 1;
    if (before < 0 || after < 0 || step < 1 || kernel->dilation[axis] < 1 || room < 0) return 0;
    if (y->dims[axis + 2] != room / step + 1) return 0;
  }
  return x->dims[0] == y->dims[0] && x->dims[1] == w->dims[1] && w->dims[0] == y->dims[1];
}

/* Whether the node is a convolution that this backend computes; its attributes go to `kernel`. */
static int read_convolution(const dcn_node *node, dcn_kernel *kernel) {
  static const dcn_kernel defaults = {{1, 1}, {0, 0, 0, 0}, {1, 1}, 0};
  int32_t i;
  *kernel = defaults;
  if (node->kind != DCN_OPERATOR_CONV || node->input_count < 2 || node->input_count > 3) return 0;
  for (i = 0; i < node->attribute_count; i++) {
    const dcn_attribute *attribute = &node->attributes[i];
    int known = 0;
    if (!strcmp(attribute->name, "strides")) known = read_integers(attribute, kernel->stride, 2);
    if (!strcmp(attribute->name, "pads")) known = read_integers(attribute, kernel->pad, 4);
    if (!strcmp(attribute->name, "dilations")) known = read_integers(attribute, kernel->dilation, 2);
    /* One that this backend has never heard of may change what is computed: decline, never guess. */
    if (!known) return 0;
  }
  if (!is_plain(&node->inputs[0], 4) || !is_plain(&node->inputs[1], 4) || !is_plain(&node->outputs[0], 4)) return 0;
  if (!fits(kernel, &node->inputs[0].tensor, &node->inputs[1].tensor, &node->outputs[0].tensor)) return 0;
  return node->input_count < 3 || (node->inputs[2].flags & DCN_OPERAND_ABSENT) ||
         (is_plain(&node->inputs[2], 1) && node->inputs[2].tensor.dims[0] == node->outputs[0].tensor.dims[1]);
}

/* How many of the nodes become one kernel. */
static int32_t read_chain(const dcn_node *nodes, int32_t count, dcn_kernel *kernel) {
  if (count < 1 || !read_convolution(&nodes[0], kernel)) return 0;
  /* Each node of a chain reads a result of the one before; here it must be the result and not something else. */
  kernel->relu = count > 1 && nodes[1].kind == DCN_OPERATOR_RELU && nodes[1].attribute_count == 0 &&
                 (nodes[1].inputs[0].flags & DCN_OPERAND_INTERNAL) &&
                 nodes[1].inputs[0].value == nodes[0].outputs[0].value && is_plain(&nodes[1].outputs[0], 4) &&
                 !memcmp(nodes[1].outputs[0].tensor.dims, nodes[0].outputs[0].tensor.dims, sizeof nodes->outputs->tensor.dims);
  return kernel->relu ? 2 : 1;
}

/* ---- computing ------------------------------------------------------------------------------------------------------- */
/* Everything that the tasks of one run share. Lives on the stack of `run`: kernels are read-only there. */
struct job {
  const dcn_kernel *kernel;
  const dcn_run_context *context;
  const dcn_tensor *x, *w, *b, *y;
};

static float *elements(const dcn_tensor *tensor) {
  return (float *)(void *)((char *)tensor->buffer + tensor->byte_offset);
}

/* Width of an input row with its padding, with room for a whole last block of pixels. */
static int64_t padded_width(const dcn_kernel *kernel, const dcn_tensor *w, const dcn_tensor *y) {
  int64_t blocks = (y->dims[3] + PIXELS - 1) / PIXELS;
  return (blocks * PIXELS - 1) * kernel->stride[1] + (w->dims[3] - 1) * kernel->dilation[1] + 1;
}

/* Copies the input rows that one output row reads, for all channels, with zeros in the padding. */
static void gather_rows(const struct job *job, int64_t image, int64_t row, int64_t width, float *rows) {
  const dcn_kernel *kernel = job->kernel;
  const dcn_tensor *x = job->x;
  int64_t c, u, left = kernel->pad[1], height = job->w->dims[2];
  int64_t copied = x->dims[3] < width - left ? x->dims[3] : width - left;
  for (c = 0; c < x->dims[1]; c++) {
    for (u = 0; u < height; u++, rows += width) {
      int64_t line = row * kernel->stride[0] + u * kernel->dilation[0] - kernel->pad[0];
      memset(rows, 0, (size_t)width * sizeof *rows);
      if (line < 0 || line >= x->dims[2] || copied <= 0) continue;
      memcpy(rows + left, elements(x) + image * x->strides[0] + c * x->strides[1] + line * x->strides[2],
             (size_t)copied * sizeof *rows);
    }
  }
}

/* Adds the input channels `from`..<`to` to a block of sums. Written so that the compiler keeps `sums` in registers. */
static void add_channels(const struct job *job, const float *const *weights, const float *pixels, int64_t width,
                         int64_t from, int64_t to, float sums[CHANNELS][PIXELS]) {
  const dcn_tensor *w = job->w;
  int64_t c, u, v, step = job->kernel->stride[1], kernel_height = w->dims[2];
  int i, p;
  for (c = from; c < to; c++) {
    for (u = 0; u < kernel_height; u++) {
      const float *line = pixels + (c * kernel_height + u) * width;
      for (v = 0; v < w->dims[3]; v++, line += job->kernel->dilation[1]) {
        int64_t place = c * w->strides[1] + u * w->strides[2] + v * w->strides[3];
        float values[PIXELS];
        if (step == 1) memcpy(values, line, sizeof values);
        else for (p = 0; p < PIXELS; p++) values[p] = line[p * step];
        for (i = 0; i < CHANNELS; i++) {
          float weight = weights[i][place];
          for (p = 0; p < PIXELS; p++) sums[i][p] += weight * values[p];
        }
      }
    }
  }
}

/* One task: output row `index % height` of image `index / height`, all channels. The order of the sums does not depend on
 * the lane, so any number of threads gives the same bits. */
static void compute_row(int64_t index, int32_t lane, void *data) {
  const struct job *job = data;
  const dcn_tensor *x = job->x, *w = job->w, *y = job->y;
  int64_t image = index / y->dims[2], row = index % y->dims[2], m, column, c, width = padded_width(job->kernel, w, y);
  float *rows = (float *)(void *)((char *)job->context->lane_workspace + (uint64_t)lane * job->context->lane_workspace_size);
  int i, p;
  gather_rows(job, image, row, width, rows);
  for (m = 0; m < y->dims[1]; m += CHANNELS) {
    const float *weights[CHANNELS];
    /* A last block with fewer channels computes its last one several times, and stores it once. */
    for (i = 0; i < CHANNELS; i++) {
      int64_t channel = m + i < y->dims[1] ? m + i : y->dims[1] - 1;
      weights[i] = elements(w) + channel * w->strides[0];
    }
    for (column = 0; column < y->dims[3]; column += PIXELS) {
      double total[CHANNELS][PIXELS] = {{0}};
      for (c = 0; c < x->dims[1]; c += CHANNELS_PER_SUM) {
        float sums[CHANNELS][PIXELS] = {{0}};
        int64_t end = c + CHANNELS_PER_SUM < x->dims[1] ? c + CHANNELS_PER_SUM : x->dims[1];
        add_channels(job, weights, rows + column * job->kernel->stride[1], width, c, end, sums);
        for (i = 0; i < CHANNELS; i++) for (p = 0; p < PIXELS; p++) total[i][p] += sums[i][p];
      }
      for (i = 0; i < CHANNELS && m + i < y->dims[1]; i++) {
        float *out = elements(y) + image * y->strides[0] + (m + i) * y->strides[1] + row * y->strides[2] + column;
        double bias = job->b ? elements(job->b)[(m + i) * job->b->strides[0]] : 0;
        for (p = 0; p < PIXELS && column + p < y->dims[3]; p++) {
          float value = (float)(total[i][p] + bias);
          /* Written so that NaN stays NaN, as the contract says of Relu. */
          out[p] = job->kernel->relu && value < 0 ? 0 : value;
        }
      }
    }
  }
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */
static int32_t fail(int32_t status, const char *sentence, char *message, size_t capacity) {
  if (message && capacity) snprintf(message, capacity, "%s", sentence);
  return status;
}

/* -march flags would make this 2 to 4 times faster, but then `score` must find out first whether the processor has them. */
static int32_t score(void) { return 2; }

static int32_t create(int32_t device, dcn_backend **backend, char *message, size_t capacity) {
  if (device != 0) return fail(DCN_STATUS_INVALID_ARGUMENT, "example-c has one device, number 0", message, capacity);
  *backend = calloc(1, sizeof **backend);
  return *backend ? DCN_STATUS_OK : fail(DCN_STATUS_OUT_OF_MEMORY, "no memory for a backend", message, capacity);
}

static void destroy(dcn_backend *backend) { free(backend); }

static int32_t supports(dcn_backend *backend, const dcn_node *nodes, int32_t count) {
  dcn_kernel kernel;
  (void)backend;
  return read_chain(nodes, count, &kernel);
}

static int32_t kernel_create(dcn_backend *backend, const dcn_node *nodes, int32_t count, dcn_kernel **kernel,
                             dcn_kernel_info *info, char *message, size_t capacity) {
  dcn_kernel made;
  const dcn_tensor *w = &nodes[0].inputs[1].tensor;
  (void)backend;
  if (read_chain(nodes, count, &made) != count)
    return fail(DCN_STATUS_UNSUPPORTED, "example-c was asked for a kernel that it declines", message, capacity);
  *kernel = malloc(sizeof made);
  if (!*kernel) return fail(DCN_STATUS_OUT_OF_MEMORY, "no memory for a kernel", message, capacity);
  **kernel = made;
  info->lane_workspace_size = (uint64_t)(w->dims[1] * w->dims[2] * padded_width(&made, w, &nodes[0].outputs[0].tensor)) *
                              sizeof(float);
  return DCN_STATUS_OK;
}

static void kernel_destroy(dcn_kernel *kernel) { free(kernel); }

static int32_t run(dcn_kernel *kernel, const dcn_tensor *inputs, int32_t input_count, const dcn_tensor *outputs,
                   int32_t output_count, const dcn_run_context *context, char *message, size_t capacity) {
  struct job job = {kernel, context, &inputs[0], &inputs[1], NULL, &outputs[0]};
  (void)output_count, (void)message, (void)capacity;
  if (input_count > 2 && inputs[2].buffer) job.b = &inputs[2];
  /* DCN_STATUS_CANCELLED when the user stopped the run. */
  return context->host->parallel_for(context->session, outputs[0].dims[0] * outputs[0].dims[2], compute_row, &job);
}

const dcn_backend_table *dcn_backend_entry(const dcn_host *host, uint32_t host_version, char *message, size_t capacity) {
  /* What is not named here is NULL: not implemented. */
  static const dcn_backend_table table = {
      .struct_size = sizeof table, .contract_version = DCN_BACKEND_CONTRACT_VERSION,
      .name = "example-c", .variant = "", .version = "1.0",
      .score = score, .create = create, .destroy = destroy, .supports = supports,
      .kernel_create = kernel_create, .kernel_destroy = kernel_destroy, .run = run};
  (void)host;
  if (host_version < table.contract_version) {
    fail(0, "example-c was built for a newer contract than this host speaks: update decoupled", message, capacity);
    return NULL;
  }
  return &table;
}
