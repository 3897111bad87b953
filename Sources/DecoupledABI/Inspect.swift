public import CDecoupled
import DecoupledBase
import DecoupledNetworks

/// Finds an inspector and lets this call alone use it.
private func use<Result>(_ handle: OpaquePointer, _ body: (InspectorHandle) throws -> Result) throws -> Result {
  let inspector = try Handles.find(handle, InspectorHandle.self)
  return try inspector.caller.use(InspectorHandle.noun) { try body(inspector) }
}

private func create(
  _ model: OpaquePointer, _ images: Int32, _ rows: Int32, _ options: UnsafePointer<dcn_session_options>?,
  _ inspector: UnsafeMutablePointer<OpaquePointer?>, form: (any Family) throws -> String
) throws {
  try clear(inspector, "inspector")
  let handle = try Handles.find(model, ModelHandle.self)
  let family = try Families.of(handle.model.description)
  let form = try form(family)
  guard (1...1024).contains(images), (1...1024).contains(rows) || form != family.forms[0] else {
    throw EngineError(.invalidArgument, "Images and rows must lie between 1 and 1024, not \(images) and \(rows).")
  }
  let engine = try dcn_session_options.choice(options).engine
  inspector.pointee = try Handles.issue(
    try InspectorHandle(handle, form: form, images: Int(images), rows: Int(rows), engine))
}

@c @implementation public func dcn_inspector_create(
  _ model: OpaquePointer, _ form: Int32, _ images: Int32, _ rows: Int32, _ options: UnsafePointer<dcn_session_options>?,
  _ inspector: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try create(model, images, rows, options, inspector) { family in
      guard family.forms.indices.contains(Int(form)) else {
        throw EngineError(.invalidArgument, "There is no form \(form); use one of the DCN_FORM_ values.")
      }
      return family.forms[Int(form)]
    }
  }
}

@c @implementation public func dcn_inspector_create_form(
  _ model: OpaquePointer, _ form: UnsafePointer<CChar>, _ images: Int32, _ rows: Int32,
  _ options: UnsafePointer<dcn_session_options>?, _ inspector: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded { try create(model, images, rows, options, inspector) { _ in try text(form, "form") } }
}

@c @implementation public func dcn_inspector_value_count(_ inspector: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(inspector, InspectorHandle.self).graph.values.count) }
}

@c @implementation public func dcn_inspector_value_info(
  _ inspector: OpaquePointer, _ index: Int32, _ info: UnsafeMutablePointer<dcn_tensor_info>
) -> Int32 {
  guarded { try use(inspector) { try $0.write(try element($0.graph.values, index, "value").id, to: info) } }
}

@c @implementation public func dcn_inspector_value_find(
  _ inspector: OpaquePointer, _ name: UnsafePointer<CChar>, _ info: UnsafeMutablePointer<dcn_tensor_info>
) -> Int32 {
  guarded { try use(inspector) { try $0.write(try $0.graph.value(named: try text(name, "name")), to: info) } }
}

@c @implementation public func dcn_inspector_set(
  _ inspector: OpaquePointer, _ name: UnsafePointer<CChar>, _ values: UnsafeRawPointer, _ byte_count: Int64
) -> Int32 {
  guarded {
    try use(inspector) {
      try requirePointer(values, "values")
      try $0.set(try text(name, "name"), values, byte_count)
    }
  }
}

@c @implementation public func dcn_inspector_unset(_ inspector: OpaquePointer, _ name: UnsafePointer<CChar>) -> Int32 {
  guarded { try use(inspector) { try $0.unset(try text(name, "name")) } }
}

@c @implementation public func dcn_inspector_run(
  _ inspector: OpaquePointer, _ names: UnsafePointer<UnsafePointer<CChar>?>, _ count: Int32
) -> Int32 {
  guarded { try use(inspector) { try $0.run(try texts(names, count, "names")) } }
}

@c @implementation public func dcn_inspector_copy(
  _ inspector: OpaquePointer, _ name: UnsafePointer<CChar>, _ values: UnsafeMutableRawPointer, _ byte_count: Int64
) -> Int32 {
  guarded {
    try use(inspector) {
      try requirePointer(values, "values")
      try $0.copy(try text(name, "name"), to: values, byte_count)
    }
  }
}

@c @implementation public func dcn_inspector_cancel(_ inspector: OpaquePointer) -> Int32 {
  guarded { try Handles.find(inspector, InspectorHandle.self).control.cancel() }
}

@c @implementation public func dcn_inspector_free(_ inspector: OpaquePointer?) {
  Handles.free(inspector, InspectorHandle.self)
}
