// swift-format-ignore-file
// Generated from Include/decoupled/backend.h by generate.py beside this file; do not edit.
import CDecoupled

extension TableSignature {
  /// Every function of `dcn_backend_table`, in its order.
  static let all: [TableSignature] = [
    TableSignature("score", \.score, returns: .int32, []),
    TableSignature("device_count", \.device_count, returns: .int32, []),
    TableSignature("device_info", \.device_info, returns: .int32, [
      .init("device", .int32),
      .init("info", .filled("dcn_device_info")),
    ]),
    TableSignature("create", \.create, returns: .int32, [
      .init("device", .int32),
      .init("backend", .created("dcn_backend")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("destroy", \.destroy, returns: .nothing, [
      .init("backend", .handle("dcn_backend")),
    ]),
    TableSignature("supports", \.supports, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("nodes", .records("dcn_node")),
      .init("count", .int32),
    ]),
    TableSignature("kernel_create", \.kernel_create, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("nodes", .records("dcn_node")),
      .init("count", .int32),
      .init("kernel", .created("dcn_kernel")),
      .init("info", .filled("dcn_kernel_info")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("kernel_destroy", \.kernel_destroy, returns: .nothing, [
      .init("kernel", .handle("dcn_kernel")),
    ]),
    TableSignature("run", \.run, returns: .int32, [
      .init("kernel", .handle("dcn_kernel")),
      .init("inputs", .records("dcn_tensor")),
      .init("input_count", .int32),
      .init("outputs", .records("dcn_tensor")),
      .init("output_count", .int32),
      .init("context", .records("dcn_run_context")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("preferred_layout", \.preferred_layout, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("value", .records("dcn_tensor")),
    ]),
    TableSignature("packing", \.packing, returns: .uint64, [
      .init("kernel", .handle("dcn_kernel")),
      .init("input", .int32),
    ]),
    TableSignature("constant_create", \.constant_create, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("form", .uint64),
      .init("tensor", .records("dcn_tensor")),
      .init("context", .records("dcn_run_context")),
      .init("constant", .created("dcn_constant")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("constant_update", \.constant_update, returns: .int32, [
      .init("constant", .handle("dcn_constant")),
      .init("tensor", .records("dcn_tensor")),
      .init("context", .records("dcn_run_context")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("constant_destroy", \.constant_destroy, returns: .nothing, [
      .init("constant", .handle("dcn_constant")),
    ]),
    TableSignature("buffer_create", \.buffer_create, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("size", .uint64),
      .init("buffer", .created("dcn_buffer")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("buffer_destroy", \.buffer_destroy, returns: .nothing, [
      .init("buffer", .handle("dcn_buffer")),
    ]),
    TableSignature("buffer_from_host", \.buffer_from_host, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("address", .address),
      .init("size", .uint64),
      .init("buffer", .created("dcn_buffer")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("upload", \.upload, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("queue", .address),
      .init("source", .address),
      .init("target", .handle("dcn_buffer")),
      .init("offset", .uint64),
      .init("size", .uint64),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("download", \.download, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("queue", .address),
      .init("source", .handle("dcn_buffer")),
      .init("offset", .uint64),
      .init("target", .address),
      .init("size", .uint64),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("queue_create", \.queue_create, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("queue", .created("void")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("queue_destroy", \.queue_destroy, returns: .nothing, [
      .init("backend", .handle("dcn_backend")),
      .init("queue", .address),
    ]),
    TableSignature("synchronize", \.synchronize, returns: .int32, [
      .init("backend", .handle("dcn_backend")),
      .init("queue", .address),
      .init("message", .message),
      .init("capacity", .size),
    ]),
    TableSignature("create_configured", \.create_configured, returns: .int32, [
      .init("device", .int32),
      .init("configuration", .text),
      .init("backend", .created("dcn_backend")),
      .init("message", .message),
      .init("capacity", .size),
    ]),
  ]
}
