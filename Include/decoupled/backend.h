/* backend.h: the contract between libdecoupled and a compute backend.
 *
 * A backend is a shared object, libdecoupled-backend-NAME.so, that exports one symbol, `dcn_backend_entry`. The host
 * (libdecoupled) loads it with dlopen, hands it a table of services and gets a table of functions back. The host offers
 * chains of operators; the backend says how many it takes as one kernel; everything it declines runs on the host's own
 * `reference` backend. This header needs nothing but the C standard library.
 *
 * Rules that hold everywhere:
 *  - Every struct starts with `struct_size`, set by whoever fills it. Accept any size at least as large as the members
 *    you read; new members are only ever added at the end. Whoever hands out a struct to be filled sets its size and
 *    zeroes it.
 *  - dcn_tensor, dcn_operand, dcn_node and dcn_attribute travel in arrays: within one contract version their sizes are
 *    exactly those of this header, so `nodes[i]` and `inputs[i]` are safe. A host that speaks a newer version hands a
 *    plugin the structs of the version that the plugin's table names.
 *  - A NULL function, or one that lies beyond `struct_size` of the table, means "not implemented". Functions marked
 *    (required) must be there.
 *  - Enumerations cross as int32_t. Unknown operator kinds, attributes, element types and layouts are declined by
 *    `supports`, never guessed. The operands of a kind stay what they are; should one get further ones, an attribute says
 *    so. Flags that you do not know are hints: ignore them. Reserved members are 0 or NULL.
 *  - An index, row or target outside of its range fails the run; it is never used as an address. Outputs hold anything
 *    after a failed or cancelled run.
 *  - Functions return a DCN_STATUS_ code. On failure they may write one sentence, at most `capacity` bytes with the
 *    terminating zero, into `message`, which is never NULL and has room for the zero at least. Strings are UTF-8.
 *  - Tensors and strings handed to a function are borrowed for that call, unless the comment says otherwise.
 *  - `run` may be called from several threads at once with the same kernel: kernels and constants are read-only there,
 *    all mutable state lives in the workspaces of the call.
 *  - The same inputs must give the same bits for any number of lanes: cut work by shape, never by thread.
 *  - Every dimension is at least 1. Addresses (buffer + byte_offset) are aligned to their element type, no more. Inputs
 *    may be the same memory as one another; outputs overlap neither each other nor inputs. Nothing outside the elements
 *    that dims and strides name is written, and inputs never are.
 *  - Nothing leaves a function but by returning: no exception, no longjmp, no exit. Start no threads, change no signal
 *    handler, and leave the floating-point mode (rounding, flush to zero) as you found it.
 *  - Plugins are never unloaded, and several copies of the host in one process may share one plugin: what a run needs of
 *    the host is in its dcn_run_context.
 */
#ifndef DECOUPLED_BACKEND_H
#define DECOUPLED_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this contract. A host accepts every plugin whose version is between 1 and its own. See docs/abi.md. */
#define DCN_BACKEND_CONTRACT_VERSION 1

/** Name of the one exported symbol, of type dcn_backend_entry_function. */
#define DCN_BACKEND_ENTRY_SYMBOL "dcn_backend_entry"

/** Largest rank of a tensor. */
#define DCN_MAXIMUM_RANK 8

/* ---- status codes (shared with decoupled.h) -------------------------------------------------------------------- */
#ifndef DCN_STATUS_CODES
#define DCN_STATUS_CODES
enum {
  DCN_STATUS_OK = 0,
  DCN_STATUS_INVALID_ARGUMENT = 1, /**< a value the caller handed in is wrong */
  DCN_STATUS_NOT_FOUND = 2,        /**< no file, layer, class or backend of that name */
  DCN_STATUS_IO = 3,               /**< reading or writing failed: permissions, disk full */
  DCN_STATUS_FORMAT = 4,           /**< a file is corrupt, truncated or of an unknown kind */
  DCN_STATUS_UNSUPPORTED = 5,      /**< valid, but this build or backend cannot do it */
  DCN_STATUS_OUT_OF_MEMORY = 6,
  DCN_STATUS_CANCELLED = 7, /**< the caller or a callback asked to stop */
  DCN_STATUS_BACKEND = 8,   /**< a backend could not be loaded or failed */
  DCN_STATUS_STATE = 9,     /**< called in the wrong order or from the wrong thread */
  DCN_STATUS_NUMERIC = 10,  /**< a loss or score became NaN or infinite */
  DCN_STATUS_INTERNAL = 11
};
#endif

/* ---- tensors ----------------------------------------------------------------------------------------------------- */
/** Element types. The host uses F32, I32 and I64 today, F16 for storage, F64 on `reference`. */
enum {
  DCN_ELEMENT_F32 = 1,
  DCN_ELEMENT_F16 = 2,
  DCN_ELEMENT_BF16 = 3,
  DCN_ELEMENT_F64 = 4,
  DCN_ELEMENT_I8 = 5,
  DCN_ELEMENT_U8 = 6,
  DCN_ELEMENT_I32 = 7,
  DCN_ELEMENT_I64 = 8
};

/** Layouts. NCHW is row-major; in NHWC the channels of a pixel follow each other. A PACKED tensor's buffer is a
 *  dcn_constant. Ids from DCN_LAYOUT_PRIVATE on belong to the backend and are read by nobody else; their tensors have the
 *  size of a contiguous one, and the strides of a row-major one. */
enum { DCN_LAYOUT_NCHW = 0, DCN_LAYOUT_NHWC = 1, DCN_LAYOUT_PACKED = 2, DCN_LAYOUT_PRIVATE = 1000 };

/** Memory of a device, made by `buffer_create` or `buffer_from_host`. Opaque to the host. */
typedef struct dcn_buffer dcn_buffer;

/** A view of memory. `dims` and `strides` count elements; entries beyond `rank` are 0. A stride may be larger than the
 *  dims ask for (a slice of a larger tensor): step by strides, or decline such operands in `supports`. In every layout
 *  dims are N, C, H, W for rank 4, and N, C for rank 2; the layout shows in the strides: the last one is 1 in NCHW, the
 *  second one is 1 in NHWC, which only tensors of rank 4 have. Tensors of other ranks are row-major and say NCHW. */
typedef struct dcn_tensor {
  uint32_t struct_size;
  int32_t element_type;
  /** The address of the first byte of the allocation; a dcn_buffer where memory is a device's. NULL in `supports` and
   *  `kernel_create`, and for an absent optional operand. */
  void *buffer;
  uint64_t byte_offset;
  int32_t rank;
  int32_t layout;
  int64_t dims[DCN_MAXIMUM_RANK];
  int64_t strides[DCN_MAXIMUM_RANK];
  const void *quantisation; /**< reserved */
} dcn_tensor;

/* ---- operators --------------------------------------------------------------------------------------------------- */
/** Operator kinds, named after ONNX where ONNX has them. Semantics are written at each kind; x means an input, y an
 *  output, dy a gradient that arrives, dx one that leaves. "N" is the batch dimension.
 *
 *  A comment begins with the operands in their order, each with its shape and what else there is to say: int32 or int64
 *  (all others of a node share one floating-point type), optional, parameter (of a model, not of a batch), weight (a
 *  parameter that is offered as F16 first where a model stores it in half precision; where that is declined, the host
 *  widens it), (per image), `...` for any number of them. Attributes follow in brackets with their defaults: real numbers
 *  have a point or an exponent, everything else is integers.
 *
 *  In braces stands how far results may lie from the exact ones, as a share of the largest of them, in float32: exact for
 *  none (they are inputs, moved), rounded for 2^-23, computed for 4e-6, averaged for 1e-5, summed for 2e-5, product for
 *  1e-4; in float64 none, and 1e-11.
 *
 *  `row_to_image`: int32 [rows]. Where present, operands marked (per image) have `images` rows instead of `rows`, and
 *  row r uses image row_to_image[r]. Absent: row r uses row r. Semantics: Gather on axis 0, without the copy. An entry
 *  outside 0..images-1 is an error, never a read. */
enum {
  /** x [N,C,H,W], w [M,C/group,kh,kw] weight, b [M] parameter optional -> y [N,M,OH,OW]: cross-correlation.
   *  [strides = 1,1; pads = 0,0,0,0; dilations = 1,1; group = 1] {product} Pads are top, left, bottom, right.
   *  OH = (H + top + bottom - dh*(kh-1) - 1)/sh + 1. `group` divides C and M: output channels g*M/group..<(g+1)*M/group
   *  see input channels g*C/group..<(g+1)*C/group only. group = C is a depthwise convolution. */
  DCN_OPERATOR_CONV = 1,
  /** x [N,C,H,W], w [C,M/group,kh,kw] weight, b [M] parameter optional -> y [N,M,OH,OW]: x[c,i,j] * w[c,m,u,v] is added to
   *  y[m, i*sh + u*dh - top, j*sw + v*dw - left]; m of w counts within the group of c.
   *  [strides = 1,1; pads = 0,0,0,0; dilations = 1,1; output_padding = 0,0; group = 1] {product}
   *  Output padding is rows and columns added at the bottom and right.
   *  OH = (H-1)*sh - top - bottom + dh*(kh-1) + 1 + output_padding.
   *  It is also the gradient of Conv with respect to its data (same w, same group). */
  DCN_OPERATOR_CONV_TRANSPOSE = 2,
  /** x [N,C,H,W], dy [N,M,OH,OW] -> dw [M,C/group,kh,kw]: the gradient of Conv with respect to w.
   *  [kernel_shape integers required; strides = 1,1; pads = 0,0,0,0; dilations = 1,1; group = 1] {product} All are those
   *  of the Conv. The weight gradient of ConvTranspose is this operator with the roles swapped (x := dy, dy := x). */
  DCN_OPERATOR_CONV_WEIGHT_GRADIENT = 3,
  /** x -> y: the sum over `axes`, which are dropped from the shape. Rank 0 results have dims [1].
   *  [axes integers required] {summed} */
  DCN_OPERATOR_REDUCE_SUM = 4,
  /** x [N,C,H,W] -> y, indices int32 optional: the maximum of each window and its place y*W+x within the plane.
   *  The first maximum in row-major order wins; the first NaN is a maximum; padding never is, and no window lies in it
   *  altogether. [kernel_shape integers required; strides = 1,1; pads = 0,0,0,0; ceil_mode = 0] {exact}
   *  OH = (H + top + bottom - kh)/sh + 1, rounded down, in ceil mode up; that drops a last window that would start in the
   *  padding. */
  DCN_OPERATOR_MAX_POOL = 5,
  /** x [N,C,h,w], indices int32 [(per image) N,C,h,w], row_to_image int32 [rows] optional -> y [N,C,H,W]: zeros, then
   *  y[indices[i]] = x[i], the last write in row-major order wins. [output_shape integers required; accumulate = 0] The
   *  output shape is H, W. {exact, computed with accumulate} With accumulate = 1, y[indices[i]] += x[i], the gradient of
   *  MaxPool. An index outside the plane is an error, never a write. */
  DCN_OPERATOR_MAX_UNPOOL = 6,
  /** dy [N,C,H,W], indices int32 [(per image) N,C,h,w], row_to_image int32 [rows] optional -> dx [N,C,h,w]:
   *  dx = dy[indices[i]]. {exact} */
  DCN_OPERATOR_MAX_UNPOOL_GRADIENT = 7,
  /** x [N,C,H,W] -> y: the mean of each window. Sizes as MaxPool without ceil mode.
   *  [kernel_shape integers required; strides = 1,1; pads = 0,0,0,0; count_include_pad = 0] {computed} */
  DCN_OPERATOR_AVERAGE_POOL = 8,
  /** x [N,C,h,w] -> y [N,C,H,W]: each value divided by its window's count and added to every cell of the window, the
   *  gradient of AveragePool. [output_shape integers required; kernel_shape integers required; strides = 1,1;
   *  pads = 0,0,0,0; count_include_pad = 0] {computed} The output shape is H, W; the others are the pool's. */
  DCN_OPERATOR_AVERAGE_UNPOOL = 9,
  /** x -> y: y = max(x, 0); NaN stays NaN. {exact} */
  DCN_OPERATOR_RELU = 10,
  /** dy, y [(per image)], row_to_image int32 [rows] optional -> dx: dx = dy where y > 0, else 0. `y` may be Relu's input
   *  or output. {exact} */
  DCN_OPERATOR_RELU_GRADIENT = 11,
  /** x -> y: y = 1 / (1 + exp(-x)). {computed} */
  DCN_OPERATOR_SIGMOID = 12,
  /** dy, y [(per image)], row_to_image int32 [rows] optional -> dx: dx = dy * y * (1 - y), y being Sigmoid's output. With
   *  mapped = 1 there is row_to_image, and y is (per image). [mapped = 0] {computed} */
  DCN_OPERATOR_SIGMOID_GRADIENT = 13,
  /** x -> y: y = exp(x - max) / sum(exp(x - max)) along axis. [axis = 1] {computed} */
  DCN_OPERATOR_SOFTMAX = 14,
  /** dy, y [(per image)], row_to_image int32 [rows] optional -> dx: dx = y * (dy - sum(dy * y)) along axis, y being
   *  Softmax's output. With mapped = 1 there is row_to_image, y is (per image), and axis is above 0.
   *  [axis = 1; mapped = 0] {computed} */
  DCN_OPERATOR_SOFTMAX_GRADIENT = 15,
  /** x [N,C,...], scale [C] parameter, shift [C] parameter, mean [C] parameter optional, variance [C] parameter optional
   *  -> y, batch_mean [C], batch_variance [C]: y = scale * (x - m) / sqrt(v + epsilon) + shift. With training_mode = 0,
   *  m and v are the inputs mean and variance, and y is the only output. With 1 they are the batch's (v is biased, in two
   *  passes: the mean first, then the mean of squared differences), are given as outputs, and those two inputs are absent.
   *  [epsilon = 1e-5; training_mode = 0] {averaged} */
  DCN_OPERATOR_BATCH_NORMALIZATION = 16,
  /** dy, x [(per image)], scale [C] parameter, mean [C], variance [C], row_to_image int32 [rows] optional
   *  -> dx optional, dscale [C] optional, dshift [C] optional: with
   *  xhat = (x - mean)/sqrt(variance + epsilon), dscale = sum dy*xhat, dshift = sum dy; training_mode = 1:
   *  dx = scale/sqrt(variance + epsilon) * (dy - mean(dy) - xhat*mean(dy*xhat)), means over N and space; 0:
   *  dx = dy*scale/sqrt(variance + epsilon). dx is absent when nobody reads it. With mapped = 1 there is row_to_image, x is
   *  (per image), training_mode is 0, and any output may be absent.
   *  [epsilon = 1e-5; training_mode = 0; mapped = 0] {summed} */
  DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT = 17,
  /** x ... -> y: inputs of equal shape but for `axis`, joined along it. Each operand may be (per image): its batch is then
   *  smaller than y's and the last input is row_to_image, with attribute mapped = 1,0,... one flag per joined operand;
   *  without that attribute there is no row_to_image. [axis = 1; mapped integers] {exact} */
  DCN_OPERATOR_CONCAT = 18,
  /** x -> y: y = x[..., start:end, ...] along axis.
   *  [axis integers required; start integers required; end integers required] {exact} */
  DCN_OPERATOR_SLICE = 19,
  /** a, b [(per image)], row_to_image int32 [rows] optional -> y: y = a * b, equal shapes but for the batch. With
   *  broadcast = 1, a and y are [N,C,H,W] and b is [N,C,1,1], whose value meets all pixels of a plane.
   *  [broadcast = 0] {rounded} */
  DCN_OPERATOR_MUL = 20,
  /** a, b [(per image)], row_to_image int32 [rows] optional -> y: y = a + b, equal shapes but for the batch.
   *  [broadcast = 0] {rounded} Broadcast as Mul. */
  DCN_OPERATOR_ADD = 21,
  /** A [m,k], B [k,n] weight, C [m,n] parameter optional -> y [m,n]: y = alpha*A*B + beta*C. A is [k,m] with transA = 1,
   *  B is [n,k] with transB = 1, C is broadcast from [n], [1,n], [m,1] or [m,n].
   *  [transA = 0; transB = 0; alpha = 1.0; beta = 1.0] {product} */
  DCN_OPERATOR_GEMM = 22,
  /** x, seed int64 [1] -> y, mask: mask[i] = 0 or 1/(1-ratio), y = x * mask. Element i (row-major) is dropped when
   *  (mix(seed + i * 0x9E3779B97F4A7C15) >> 40) * 2^-24 < ratio in float32, all modulo 2^64, with
   *  mix(z): z ^= z >> 30; z *= 0xBF58476D1CE4E5B9; z ^= z >> 27; z *= 0x94D049BB133111EB; z ^= z >> 31.
   *  [ratio = 0.5] {rounded} */
  DCN_OPERATOR_DROPOUT = 23,
  /** x [N,C,H,W] -> y [N,C,OH,OW]: x resized with half-pixel centres.
   *  [output_shape integers required; mode = 0; cubic_coefficient = -0.5; antialias = 0; border = 0] {computed}
   *  The output shape is OH, OW. Modes: 0 nearest (floor(dst*in/out)), 1 linear, 2 cubic. With antialias = 1 the kernel
   *  widens when shrinking. Borders: 0 clamp, 1 reflect (…2 1|1 2…). Weights of each output are normalised to sum 1. */
  DCN_OPERATOR_RESIZE = 24,
  /** dy [N,C,OH,OW] -> dx [N,C,H,W]: the transpose of Resize.
   *  [output_shape integers required; mode = 0; cubic_coefficient = -0.5; antialias = 0; border = 0] {computed}
   *  The output shape is H, W; the others are the Resize's. */
  DCN_OPERATOR_RESIZE_GRADIENT = 25,
  /** x [N,L], t [N,L] -> loss [1]: of logits x and targets t, sum(max(x,0) - x*t + log(1 + exp(-|x|))) / N. {averaged} */
  DCN_OPERATOR_SIGMOID_CROSS_ENTROPY = 26,
  /** dloss [1], x [N,L], t [N,L] -> dx [N,L]: dx = dloss * (sigmoid(x) - t) / N. {computed} */
  DCN_OPERATOR_SIGMOID_CROSS_ENTROPY_GRADIENT = 27,
  /** x [N,K,H,W], t int32 [N,H,W] -> loss [1]: of scores x, the mean over pixels with t != ignore_index of
   *  -log softmax(x)[t], 0 when there are none. A target outside 0..K-1 that is not ignore_index is an error.
   *  [ignore_index = 255] {averaged} */
  DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY = 28,
  /** dloss [1], x [N,K,H,W], t int32 [N,H,W] -> dx [N,K,H,W]: dx = dloss * (softmax(x) - onehot(t)) / count, 0 at ignored
   *  pixels. [ignore_index = 255] {computed} */
  DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY_GRADIENT = 29,
  /** x [images,...], indices int32 [rows] -> y [rows,...]: y = x[indices[r]]. An index outside of 0..images-1 is an error.
   *  {exact} */
  DCN_OPERATOR_GATHER = 30,
  /** x -> y: y = factor * x. [factor real required] {rounded} */
  DCN_OPERATOR_SCALE = 31,
  /** x [N,C,H,W] -> y: the same elements in another layout. {exact} */
  DCN_OPERATOR_CONVERT = 32,
  /** x -> y: y = x * min(max(x/6 + 1/2, 0), 1). {computed} */
  DCN_OPERATOR_HARD_SWISH = 33,
  /** dy, x [(per image)], row_to_image int32 [rows] optional -> dx: dx = dy * h with h = 0 where x <= -3, 1 where x >= 3,
   *  x/3 + 1/2 between. {computed} */
  DCN_OPERATOR_HARD_SWISH_GRADIENT = 34,
  /** Kinds from here on are private to a backend and a host that agree on `dcn_node.private_name`. */
  DCN_OPERATOR_PRIVATE = 100000
};

/** One attribute. Integers and lists of integers use `integers`, real numbers `reals`. One that a node lacks has the
 *  default written at its kind. */
typedef struct dcn_attribute {
  uint32_t struct_size;
  int32_t count;
  const char *name;
  const int64_t *integers; /**< NULL for a real attribute */
  const double *reals;     /**< NULL for an integer attribute */
} dcn_attribute;

/** Flags of an operand. */
enum {
  DCN_OPERAND_ABSENT = 1, /**< an optional operand that is not there; trailing ones may also lie beyond the count */
  DCN_OPERAND_INTERNAL = 2, /**< made and used inside the chain; it is not handed to `run` */
  DCN_OPERAND_CONSTANT = 4  /**< a parameter of the model: the same tensor at every run until it is updated */
};

typedef struct dcn_constant dcn_constant;

/** One input or output of a node. `tensor` has the dims for the largest batch and no memory. */
typedef struct dcn_operand {
  uint32_t struct_size;
  int32_t flags;
  /** Identifies the value within the chain: an INTERNAL input carries the number of the output that makes it. */
  int32_t value;
  int32_t reserved;
  dcn_tensor tensor;
} dcn_operand;

typedef struct dcn_node {
  uint32_t struct_size;
  int32_t kind;             /**< DCN_OPERATOR_ */
  const char *name;         /**< name of the layer, for messages */
  const char *private_name; /**< NULL unless kind >= DCN_OPERATOR_PRIVATE */
  const dcn_attribute *attributes;
  const dcn_operand *inputs;
  const dcn_operand *outputs;
  int32_t attribute_count;
  int32_t input_count;
  int32_t output_count;
  int32_t reserved;
} dcn_node;

/* ---- what the host gives ------------------------------------------------------------------------------------------ */
typedef void (*dcn_task)(int64_t index, int32_t lane, void *task_data);

enum { DCN_LOG_DEBUG = 0, DCN_LOG_INFO = 1, DCN_LOG_WARNING = 2, DCN_LOG_ERROR = 3 };

/** Services of the host, valid until the process ends. */
typedef struct dcn_host {
  uint32_t struct_size;
  uint32_t contract_version;
  /** Writes one line to the host's log. Callable from any thread. */
  void (*log)(int32_t level, const char *message);
  /** Calls task(i, lane, task_data) once for each i in 0..<count, on several threads, and returns when all are done.
   *  `lane` is below `dcn_run_context.lanes` and never shared by two calls at the same time. A nested call runs inline
   *  on the caller's lane. Returns DCN_STATUS_CANCELLED when the run was cancelled; not every task has run then.
   *  `session` is dcn_run_context.session, valid until the call that brought it returns. */
  int32_t (*parallel_for)(void *session, int64_t count, dcn_task task, void *task_data);
  /** 1 when the run should stop soon. `parallel_for` polls it between tasks. */
  int32_t (*cancelled)(void *session);
} dcn_host;

/** What one call of `run` may use. */
typedef struct dcn_run_context {
  uint32_t struct_size;
  int32_t lanes;              /**< how many lanes `parallel_for` has, at least 1 */
  void *session;              /**< to be handed to the host's functions */
  void *workspace;            /**< dcn_kernel_info.workspace_size bytes, 64-byte aligned, contents undefined */
  void *lane_workspace;       /**< lane i has lane_workspace_size bytes from i * that size on, 64-byte aligned */
  uint64_t lane_workspace_size;
  void *queue;                /**< where memory is a device's: the queue to enqueue on, else NULL */
  const dcn_host *host;       /**< whose `session` this is: call parallel_for and cancelled of this table */
} dcn_run_context;

/* ---- what the backend gives ---------------------------------------------------------------------------------------- */
typedef struct dcn_backend dcn_backend; /**< one opened device of a backend */
typedef struct dcn_kernel dcn_kernel;

typedef struct dcn_kernel_info {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t workspace_size;      /**< bytes shared by all lanes of one run, 0 for none */
  uint64_t lane_workspace_size; /**< bytes for each lane of one run; the host rounds it up to 64 */
  /* What is below is for people, and there only where struct_size says so; a host may be older. */
  const char *algorithm; /**< how it computes, such as "winograd6"; stays valid as long as the kernel; NULL = not said */
  double work_share;     /**< multiplications for each one of the direct form, 0.25 for F(4x4,3x3); 0 = not said */
} dcn_kernel_info;

typedef struct dcn_device_info {
  uint32_t struct_size;
  uint32_t reserved;
  char name[128];
  uint64_t memory_size; /**< bytes, 0 = unknown */
} dcn_device_info;

/** The functions of a backend. The table and its strings stay valid until the process ends: plugins are never unloaded. */
typedef struct dcn_backend_table {
  uint32_t struct_size;
  uint32_t contract_version;
  const char *name;    /**< what users type: letters, digits, '-' (required) */
  const char *variant; /**< e.g. "x86-64-v3"; variants share one name, the best score is used; "" = there is one (required) */
  const char *version; /**< of the plugin, for people (required) */

  /** How well this backend runs on this processor: 0 = not at all, `reference` scores 1, larger is better; without a
   *  request by name or path the highest is used. Must not use instructions that the processor may lack before it has
   *  found out. (required) */
  int32_t (*score)(void);

  /** Devices, numbered from 0. Not implemented = one device, the processor. */
  int32_t (*device_count)(void);
  int32_t (*device_info)(int32_t device, dcn_device_info *info);

  /** Opens a device; each session opens its own. Instances may be used by several threads at once, one instance's
   *  `supports`, `kernel_create` and `preferred_layout` by one at a time. Kernels are destroyed before their instance.
   *  (both required) */
  int32_t (*create)(int32_t device, dcn_backend **backend, char *message, size_t capacity);
  void (*destroy)(dcn_backend *backend);

  /** How many of the leading nodes of the chain this backend runs as one kernel: 0 = not even the first. Each node but
   *  the first reads an INTERNAL output of the one before it. The answer for the first k nodes alone, when it was k for
   *  all, must be k again. Decline operands whose dims do not belong together, so that `run` need not look again.
   *  Without memory and cheap: it is asked often while planning. (required) */
  int32_t (*supports)(dcn_backend *backend, const dcn_node *nodes, int32_t count);

  /** Makes a kernel for exactly these nodes (a count that `supports` returned for them). Nodes are borrowed: copy what
   *  `run` needs. `info` comes zeroed. (both required) */
  int32_t (*kernel_create)(dcn_backend *backend, const dcn_node *nodes, int32_t count, dcn_kernel **kernel,
                           dcn_kernel_info *info, char *message, size_t capacity);
  void (*kernel_destroy)(dcn_kernel *kernel);

  /** Runs a kernel. `inputs` are the operands of all nodes in order, without INTERNAL ones; absent ones are there with a
   *  NULL buffer, packed ones as DCN_LAYOUT_PACKED. `outputs` likewise, without INTERNAL ones. dims[0] of
   *  batched tensors may be smaller than at creation, never larger; everything else is as it was then, but for the
   *  addresses. Outputs hold anything on entry. Returns when the work is done (host memory) or enqueued on
   *  context->queue (memory of a device); an error ends the caller's whole run with the message. (required) */
  int32_t (*run)(dcn_kernel *kernel, const dcn_tensor *inputs, int32_t input_count, const dcn_tensor *outputs,
                 int32_t output_count, const dcn_run_context *context, char *message, size_t capacity);

  /** The layout in which this backend keeps a value of this shape and element type between its kernels. The host offers
   *  chains with their values in these layouts first, then in NCHW, and adds CONVERT where a reader takes another layout
   *  than the writer made. What callers hand in and take out is NCHW. Not implemented = NCHW. */
  int32_t (*preferred_layout)(dcn_backend *backend, const dcn_tensor *value);

  /** Packed constants, optional: a parameter transformed once for all kernels, plans and sessions that use this form.
   *  `packing` says in which form a kernel wants the constant at this place of its inputs: a number of the backend's, not
   *  0, such that equal numbers for the same parameter ask for the same packing; 0 = as it is. */
  uint64_t (*packing)(dcn_kernel *kernel, int32_t input);
  /** `tensor` is borrowed for the call. The constant serves every instance of the backend on this device. `context` has
   *  lanes and a session, no workspace. */
  int32_t (*constant_create)(dcn_backend *backend, uint64_t form, const dcn_tensor *tensor, const dcn_run_context *context,
                             dcn_constant **constant, char *message, size_t capacity);
  /** Packs new contents of the same shape, after a training step. No `run` that reads the constant is under way. */
  int32_t (*constant_update)(dcn_constant *constant, const dcn_tensor *tensor, const dcn_run_context *context, char *message,
                             size_t capacity);
  void (*constant_destroy)(dcn_constant *constant);

  /** Memory of a device, in outline. Version 1 has host memory only: leave these eight NULL, its hosts refuse a plugin that
   *  does not. They get their final form in the version whose hosts drive them, and no plugin before it is affected.
   *  A device keeps tensors, workspaces and constants in its buffers; transfers are ordered with the kernels of the same
   *  queue; a buffer made from host memory borrows it. A device that works on host memory needs none of them: an
   *  accelerator behind a host-memory backend copies inside `run`. */
  int32_t (*buffer_create)(dcn_backend *backend, uint64_t size, dcn_buffer **buffer, char *message, size_t capacity);
  void (*buffer_destroy)(dcn_buffer *buffer);
  int32_t (*buffer_from_host)(dcn_backend *backend, void *address, uint64_t size, dcn_buffer **buffer, char *message,
                              size_t capacity);
  int32_t (*upload)(dcn_backend *backend, void *queue, const void *source, dcn_buffer *target, uint64_t offset, uint64_t size,
                    char *message, size_t capacity);
  int32_t (*download)(dcn_backend *backend, void *queue, dcn_buffer *source, uint64_t offset, void *target, uint64_t size,
                      char *message, size_t capacity);
  int32_t (*queue_create)(dcn_backend *backend, void **queue, char *message, size_t capacity);
  void (*queue_destroy)(dcn_backend *backend, void *queue);
  int32_t (*synchronize)(dcn_backend *backend, void *queue, char *message, size_t capacity);

  /** `create` with what the user wrote behind the backend's name, NAME:CONFIGURATION, such as the path of a file. UTF-8,
   *  borrowed; its meaning is the backend's. Not implemented = the backend takes no configuration. */
  int32_t (*create_configured)(int32_t device, const char *configuration, dcn_backend **backend, char *message,
                               size_t capacity);
} dcn_backend_table;

/** The exported symbol `dcn_backend_entry`. `host_version` is the newest contract the host speaks. Returns the table of a
 *  version that the host speaks, or NULL with a sentence in `message` that says why not and what to do. May be called
 *  more than once, by several hosts in one process, and must return at once: nothing is opened before `create`. */
typedef const dcn_backend_table *(*dcn_backend_entry_function)(const dcn_host *host, uint32_t host_version, char *message,
                                                               size_t capacity);

/** Exports a function from a shared object whose symbols are hidden. */
#if defined(__GNUC__)
#define DCN_BACKEND_EXPORT __attribute__((visibility("default")))
#else
#define DCN_BACKEND_EXPORT
#endif

#ifdef DCN_BACKEND_PLUGIN
/** Define DCN_BACKEND_PLUGIN before including this header where the entry point is defined: the compiler then checks its
 *  type and exports it. */
DCN_BACKEND_EXPORT const dcn_backend_table *dcn_backend_entry(const dcn_host *host, uint32_t host_version, char *message,
                                                              size_t capacity);
#endif

#ifdef __cplusplus
}
#endif

#endif /* DECOUPLED_BACKEND_H */
