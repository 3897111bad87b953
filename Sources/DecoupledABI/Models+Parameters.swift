public import CDecoupled
import DecoupledBase
import DecoupledCore

@c @implementation public func dcn_model_parameter_count(_ model: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(model, ModelHandle.self).parameters().count) }
}

private func describe(
  _ parameter: ModelHandle.Parameter, of handle: ModelHandle, _ info: UnsafeMutablePointer<dcn_tensor_info>
) throws {
  let tensor = try handle.reading { handle.model.parameters[parameter.name] }
  try dcn_tensor_info.write(info) { info in
    info.set(
      name: parameter.text, elementType: tensor?.elementType ?? .float32, shape: parameter.shape,
      role: DCN_ROLE_PARAMETER,
      present: tensor != nil)
  }
}

@c @implementation public func dcn_model_parameter_info(
  _ model: OpaquePointer, _ index: Int32, _ info: UnsafeMutablePointer<dcn_tensor_info>
) -> Int32 {
  guarded {
    let handle = try Handles.find(model, ModelHandle.self)
    try describe(try element(try handle.parameters(), index, "parameter"), of: handle, info)
  }
}

@c @implementation public func dcn_model_parameter_find(
  _ model: OpaquePointer, _ name: UnsafePointer<CChar>, _ info: UnsafeMutablePointer<dcn_tensor_info>
) -> Int32 {
  guarded {
    let handle = try Handles.find(model, ModelHandle.self)
    try describe(try handle.parameter(try text(name, "name")), of: handle, info)
  }
}

@c @implementation public func dcn_model_copy_parameter(
  _ model: OpaquePointer, _ name: UnsafePointer<CChar>, _ values: UnsafeMutablePointer<Float>, _ count: Int64
) -> Int32 {
  guarded {
    let handle = try Handles.find(model, ModelHandle.self)
    let parameter = try handle.parameter(try text(name, "name"))
    try handle.reading {
      guard let tensor = handle.model.parameters[parameter.name] else {
        throw EngineError(.notFound, "The model has no weights '\(parameter.name)' yet; train, import or set them.")
      }
      try copy(tensor, parameter.name, to: values, count)
    }
  }
}

@c @implementation public func dcn_model_set_parameter(
  _ model: OpaquePointer, _ name: UnsafePointer<CChar>, _ values: UnsafePointer<Float>, _ count: Int64
) -> Int32 {
  guarded {
    let handle = try Handles.find(model, ModelHandle.self)
    let parameter = try handle.parameter(try text(name, "name"))
    try requirePointer(values, "values")
    try requireElements(parameter.shape, parameter.name, count)
    let tensor = try Tensor(zeros: parameter.shape)
    tensor.bytes.copyMemory(from: values, byteCount: tensor.byteCount)
    try handle.changing { handle.model.parameters[parameter.name] = tensor }
  }
}
