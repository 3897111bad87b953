/* A plugin as it was written for 0.1.0: y = factor * x, float32, NCHW. Compiled against the headers kept beside it, it must
 * load and compute in every later release of the same major version. */
#define DCN_BACKEND_PLUGIN
#include <decoupled/backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dcn_backend {
  const dcn_host *host;
};

struct dcn_kernel {
  double factor;
};

static const dcn_host *last_host;

static int32_t score(void) { return 1; }

static int32_t create(int32_t device, dcn_backend **backend, char *message, size_t capacity) {
  if (device != 0) {
    snprintf(message, capacity, "no device %d", (int)device);
    return DCN_STATUS_INVALID_ARGUMENT;
  }
  *backend = malloc(sizeof **backend);
  if (!*backend) return DCN_STATUS_OUT_OF_MEMORY;
  (*backend)->host = last_host;
  last_host->log(DCN_LOG_INFO, "the kept plugin was opened");
  return DCN_STATUS_OK;
}

static void destroy(dcn_backend *backend) { free(backend); }

static int32_t create_configured(int32_t device, const char *configuration, dcn_backend **backend, char *message, size_t capacity) {
  if (strcmp(configuration, "as it was")) {
    snprintf(message, capacity, "no configuration '%s'", configuration);
    return DCN_STATUS_NOT_FOUND;
  }
  return create(device, backend, message, capacity);
}

static int32_t preferred_layout(dcn_backend *backend, const dcn_tensor *value) {
  return backend && value->struct_size >= sizeof *value && value->rank <= DCN_MAXIMUM_RANK ? DCN_LAYOUT_NCHW : -1;
}

static int takes(const dcn_tensor *tensor) {
  return tensor->element_type == DCN_ELEMENT_F32 && tensor->layout == DCN_LAYOUT_NCHW && tensor->rank >= 1;
}

static int32_t supports(dcn_backend *backend, const dcn_node *nodes, int32_t count) {
  (void)backend;
  if (count < 1 || nodes->struct_size < sizeof *nodes || nodes->inputs->struct_size < sizeof(dcn_operand)) return 0;
  if (nodes->kind != DCN_OPERATOR_SCALE && nodes->kind != DCN_OPERATOR_RELU) return 0;
  return takes(&nodes->inputs->tensor) && takes(&nodes->outputs->tensor);
}

static int32_t kernel_create(dcn_backend *backend, const dcn_node *nodes, int32_t count, dcn_kernel **kernel,
                             dcn_kernel_info *info, char *message, size_t capacity) {
  int32_t i;
  (void)count;
  if (info->struct_size < sizeof *info) {
    snprintf(message, capacity, "dcn_kernel_info has shrunk");
    return DCN_STATUS_INTERNAL;
  }
  *kernel = calloc(1, sizeof **kernel);
  if (!*kernel) return DCN_STATUS_OUT_OF_MEMORY;
  for (i = 0; i < nodes->attribute_count; i++) {
    if (!strcmp(nodes->attributes[i].name, "factor")) (*kernel)->factor = nodes->attributes[i].reals[0];
  }
  info->workspace_size = 128;
  info->lane_workspace_size = 100;
  backend->host->log(DCN_LOG_INFO, "the kept plugin made a kernel");
  return DCN_STATUS_OK;
}

static void kernel_destroy(dcn_kernel *kernel) { free(kernel); }

struct job {
  const dcn_kernel *kernel;
  const dcn_tensor *x, *y;
  const dcn_run_context *context;
  int64_t blocks, inner;
};

/* One task: everything below one index of all dimensions but the last. */
static void compute(int64_t index, int32_t lane, void *data) {
  const struct job *job = data;
  int64_t i, last = job->x->rank - 1, from = 0, to = 0, rest = index;
  const float *x = (const float *)(const void *)((const char *)job->x->buffer + job->x->byte_offset);
  float *y = (float *)(void *)((char *)job->y->buffer + job->y->byte_offset);
  for (i = last - 1; i >= 0; i--) {
    from += rest % job->x->dims[i] * job->x->strides[i];
    to += rest % job->x->dims[i] * job->y->strides[i];
    rest /= job->x->dims[i];
  }
  /* The workspaces must be there, as large as was asked for. */
  memset((char *)job->context->lane_workspace + (uint64_t)lane * job->context->lane_workspace_size, 1, 100);
  for (i = 0; i < job->inner; i++) {
    float value = x[from + i * job->x->strides[last]];
    y[to + i * job->y->strides[last]] =
        job->kernel->factor != 0 ? (float)(job->kernel->factor * value) : value < 0 ? 0 : value;
  }
}

static int32_t run(dcn_kernel *kernel, const dcn_tensor *inputs, int32_t input_count, const dcn_tensor *outputs,
                   int32_t output_count, const dcn_run_context *context, char *message, size_t capacity) {
  struct job job;
  int32_t i;
  if (context->struct_size < sizeof *context || context->host->struct_size < sizeof *context->host || input_count != 1 ||
      output_count != 1 || context->lane_workspace_size < 100 || (uintptr_t)context->workspace % 64 != 0) {
    snprintf(message, capacity, "a run is no longer what it was in 0.1.0");
    return DCN_STATUS_INTERNAL;
  }
  memset(context->workspace, 1, 128);
  job.kernel = kernel;
  job.x = inputs;
  job.y = outputs;
  job.context = context;
  job.blocks = 1;
  job.inner = inputs->dims[inputs->rank - 1];
  for (i = 0; i < inputs->rank - 1; i++) job.blocks *= inputs->dims[i];
  if (context->host->cancelled(context->session)) return DCN_STATUS_CANCELLED;
  return context->host->parallel_for(context->session, job.blocks, compute, &job);
}

const dcn_backend_table *dcn_backend_entry(const dcn_host *host, uint32_t host_version, char *message, size_t capacity) {
  static dcn_backend_table table;
  table.struct_size = sizeof table;
  table.contract_version = DCN_BACKEND_CONTRACT_VERSION;
  table.name = "kept";
  table.variant = "0.1.0";
  table.version = "0.1.0";
  table.score = score;
  table.create = create;
  table.destroy = destroy;
  table.supports = supports;
  table.kernel_create = kernel_create;
  table.kernel_destroy = kernel_destroy;
  table.run = run;
  table.preferred_layout = preferred_layout;
  table.create_configured = create_configured;
  if (host_version < table.contract_version || host->struct_size < sizeof *host) {
    snprintf(message, capacity, "the host is older than this plugin");
    return NULL;
  }
  last_host = host;
  return &table;
}
