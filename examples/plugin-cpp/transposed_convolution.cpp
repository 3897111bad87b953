// A backend in C++: transposed convolutions on float32 in NCHW; everything else is declined and runs on the host's
// `reference`. It shares nothing with the host but backend.h. docs/plugins.md explains the contract with the example in C.
#define DCN_BACKEND_PLUGIN
#include <decoupled/backend.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

// What the host calls an instance and a kernel; opaque to it.
struct dcn_backend {};

struct dcn_kernel {
  int64_t stride[2] = {1, 1}, pad[4] = {0, 0, 0, 0}, dilation[2] = {1, 1}, outputPadding[2] = {0, 0};
};

namespace {

/// Channels of the output whose sums are kept at the same time, so that each input value is loaded once for all of them.
constexpr int64_t channelsPerBlock = 8;
/// Sums are kept in float for this many input channels, then added up in double.
constexpr int64_t channelsPerSum = 16;

/// Nothing leaves a function of the table but by returning: an exception in the host's stack would end the program.
template <typename Body>
int32_t guarded(char *message, size_t capacity, Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    std::snprintf(message, capacity, "example-cpp has no memory");
    return DCN_STATUS_OUT_OF_MEMORY;
  } catch (const std::exception &error) {
    std::snprintf(message, capacity, "example-cpp failed: %s", error.what());
    return DCN_STATUS_BACKEND;
  }
}

bool readIntegers(const dcn_attribute &attribute, int64_t *values, int32_t count) {
  if (!attribute.integers || attribute.count != count) return false;
  std::copy_n(attribute.integers, count, values);
  return true;
}

bool isPlain(const dcn_operand &operand, int32_t rank) {
  return !(operand.flags & DCN_OPERAND_ABSENT) && operand.tensor.element_type == DCN_ELEMENT_F32 &&
         operand.tensor.layout == DCN_LAYOUT_NCHW && operand.tensor.rank == rank;
}

/// Whether the sizes belong together: whatever is taken here is computed later without another look.
bool fits(const dcn_kernel &kernel, const dcn_tensor &x, const dcn_tensor &w, const dcn_tensor &y) {
  for (int axis = 0; axis < 2; axis++) {
    const int64_t before = kernel.pad[axis], after = kernel.pad[axis + 2], extra = kernel.outputPadding[axis];
    if (before < 0 || after < 0 || extra < 0 || kernel.stride[axis] < 1 || kernel.dilation[axis] < 1) return false;
    const int64_t reach = (x.dims[axis + 2] - 1) * kernel.stride[axis] + kernel.dilation[axis] * (w.dims[axis + 2] - 1) + 1;
    if (y.dims[axis + 2] != reach - before - after + extra) return false;
  }
  return x.dims[0] == y.dims[0] && x.dims[1] == w.dims[0] && w.dims[1] == y.dims[1];
}

/// Whether the node is a transposed convolution that this backend computes; its attributes go to `kernel`.
bool read(const dcn_node &node, dcn_kernel &kernel) {
  if (node.kind != DCN_OPERATOR_CONV_TRANSPOSE || node.input_count < 2 || node.input_count > 3) return false;
  for (int32_t i = 0; i < node.attribute_count; i++) {
    const dcn_attribute &attribute = node.attributes[i];
    const auto is = [&](const char *name) { return std::strcmp(attribute.name, name) == 0; };
    // An attribute that is not known here may change what is computed: decline.
    const bool known = (is("strides") && readIntegers(attribute, kernel.stride, 2)) ||
                       (is("pads") && readIntegers(attribute, kernel.pad, 4)) ||
                       (is("dilations") && readIntegers(attribute, kernel.dilation, 2)) ||
                       (is("output_padding") && readIntegers(attribute, kernel.outputPadding, 2));
    if (!known) return false;
  }
  if (!isPlain(node.inputs[0], 4) || !isPlain(node.inputs[1], 4) || !isPlain(node.outputs[0], 4)) return false;
  if (!fits(kernel, node.inputs[0].tensor, node.inputs[1].tensor, node.outputs[0].tensor)) return false;
  return node.input_count < 3 || (node.inputs[2].flags & DCN_OPERAND_ABSENT) ||
         (isPlain(node.inputs[2], 1) && node.inputs[2].tensor.dims[0] == node.outputs[0].tensor.dims[1]);
}

template <typename Element>
Element *elements(const dcn_tensor &tensor) {
  return reinterpret_cast<Element *>(static_cast<char *>(tensor.buffer) + tensor.byte_offset);
}

/// One run: rows of the output are computed one by one, each by the taps that reach it.
struct Job {
  const dcn_kernel &kernel;
  const dcn_run_context &context;
  const dcn_tensor &x, &w;
  const dcn_tensor *bias;
  const dcn_tensor &y;

  /// Columns that a row of the input reaches, before the padding is cut off.
  static int64_t reach(const dcn_kernel &kernel, const dcn_tensor &x, const dcn_tensor &w) {
    return (x.dims[3] - 1) * kernel.stride[1] + (w.dims[3] - 1) * kernel.dilation[1] + 1;
  }

  static uint64_t workspace(const dcn_kernel &kernel, const dcn_tensor &x, const dcn_tensor &w) {
    return static_cast<uint64_t>(channelsPerBlock * reach(kernel, x, w)) * (sizeof(double) + sizeof(float));
  }

  /// Adds input channel `c` to the sums of the output channels `m`..<`m + count`.
  void addChannel(int64_t image, int64_t row, int64_t c, int64_t m, int64_t count, float *sums, int64_t width) const {
    for (int64_t u = 0; u < w.dims[2]; u++) {
      const int64_t place = row + kernel.pad[0] - u * kernel.dilation[0];
      if (place < 0 || place % kernel.stride[0] != 0 || place / kernel.stride[0] >= x.dims[2]) continue;
      const float *line = elements<const float>(x) + image * x.strides[0] + c * x.strides[1] +
                          place / kernel.stride[0] * x.strides[2];
      for (int64_t v = 0; v < w.dims[3]; v++) {
        const float *weight = elements<const float>(w) + c * w.strides[0] + m * w.strides[1] + u * w.strides[2] + v * w.strides[3];
        for (int64_t i = 0; i < count; i++, weight += w.strides[1]) {
          float *target = sums + i * width + v * kernel.dilation[1];
          const float factor = *weight;
          if (kernel.stride[1] == 1) {
            for (int64_t j = 0; j < x.dims[3]; j++) target[j] += factor * line[j];
          } else {
            for (int64_t j = 0; j < x.dims[3]; j++) target[j * kernel.stride[1]] += factor * line[j];
          }
        }
      }
    }
  }

  void computeRow(int64_t index, int32_t lane) const {
    const int64_t image = index / y.dims[2], row = index % y.dims[2], width = reach(kernel, x, w);
    char *memory = static_cast<char *>(context.lane_workspace) + static_cast<uint64_t>(lane) * context.lane_workspace_size;
    auto *totals = reinterpret_cast<double *>(memory);
    auto *sums = reinterpret_cast<float *>(totals + channelsPerBlock * width);
    for (int64_t m = 0; m < y.dims[1]; m += channelsPerBlock) {
      const int64_t count = std::min(channelsPerBlock, y.dims[1] - m);
      std::fill_n(totals, count * width, 0.0);
      for (int64_t c = 0; c < x.dims[1]; c += channelsPerSum) {
        std::fill_n(sums, count * width, 0.0f);
        for (int64_t k = c; k < std::min(c + channelsPerSum, x.dims[1]); k++) addChannel(image, row, k, m, count, sums, width);
        for (int64_t i = 0; i < count * width; i++) totals[i] += static_cast<double>(sums[i]);
      }
      for (int64_t i = 0; i < count; i++) {
        float *out = elements<float>(y) + image * y.strides[0] + (m + i) * y.strides[1] + row * y.strides[2];
        const double shift = bias ? static_cast<double>(elements<const float>(*bias)[(m + i) * bias->strides[0]]) : 0.0;
        for (int64_t column = 0; column < y.dims[3]; column++) {
          // Columns of the output padding may lie where no tap reaches.
          const int64_t place = column + kernel.pad[1];
          out[column] = static_cast<float>((place < width ? totals[i * width + place] : 0.0) + shift);
        }
      }
    }
  }
};

int32_t score() { return 2; }

int32_t create(int32_t device, dcn_backend **backend, char *message, size_t capacity) {
  return guarded(message, capacity, [&]() -> int32_t {
    if (device != 0) {
      std::snprintf(message, capacity, "example-cpp has one device, number 0");
      return DCN_STATUS_INVALID_ARGUMENT;
    }
    *backend = new dcn_backend;
    return DCN_STATUS_OK;
  });
}

void destroy(dcn_backend *backend) { delete backend; }

int32_t supports(dcn_backend *, const dcn_node *nodes, int32_t count) {
  dcn_kernel kernel;
  return count > 0 && read(nodes[0], kernel) ? 1 : 0;
}

int32_t kernelCreate(dcn_backend *, const dcn_node *nodes, int32_t count, dcn_kernel **kernel, dcn_kernel_info *info, char *message,
                     size_t capacity) {
  return guarded(message, capacity, [&]() -> int32_t {
    dcn_kernel made;
    if (count != 1 || !read(nodes[0], made)) {
      std::snprintf(message, capacity, "example-cpp was asked for a kernel that it declines");
      return DCN_STATUS_UNSUPPORTED;
    }
    *kernel = new dcn_kernel(made);
    info->lane_workspace_size = Job::workspace(made, nodes[0].inputs[0].tensor, nodes[0].inputs[1].tensor);
    return DCN_STATUS_OK;
  });
}

void kernelDestroy(dcn_kernel *kernel) { delete kernel; }

int32_t run(dcn_kernel *kernel, const dcn_tensor *inputs, int32_t inputCount, const dcn_tensor *outputs, int32_t,
            const dcn_run_context *context, char *, size_t) {
  const dcn_tensor *bias = inputCount > 2 && inputs[2].buffer ? &inputs[2] : nullptr;
  Job job{*kernel, *context, inputs[0], inputs[1], bias, outputs[0]};
  return context->host->parallel_for(
      context->session, job.y.dims[0] * job.y.dims[2],
      [](int64_t index, int32_t lane, void *data) { static_cast<const Job *>(data)->computeRow(index, lane); }, &job);
}

dcn_backend_table makeTable() {
  dcn_backend_table table{};
  table.struct_size = sizeof table;
  table.contract_version = DCN_BACKEND_CONTRACT_VERSION;
  table.name = "example-cpp";
  table.variant = "";
  table.version = "1.0";
  table.score = score;
  table.create = create;
  table.destroy = destroy;
  table.supports = supports;
  table.kernel_create = kernelCreate;
  table.kernel_destroy = kernelDestroy;
  table.run = run;
  return table;
}

}  // namespace

const dcn_backend_table *dcn_backend_entry(const dcn_host *, uint32_t hostVersion, char *message, size_t capacity) {
  static const dcn_backend_table table = makeTable();
  if (hostVersion < table.contract_version) {
    std::snprintf(message, capacity, "example-cpp was built for a newer contract than this host speaks: update decoupled");
    return nullptr;
  }
  return &table;
}
