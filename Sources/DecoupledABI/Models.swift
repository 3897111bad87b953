import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import DecoupledVision
import FoundationEssentials
import Glibc

@c @implementation public func dcn_model_open(
  _ path: UnsafePointer<CChar>, _ model: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(model, "model")
    model.pointee = try Handles.issue(try ModelHandle(try ModelFile.open(try text(path, "path"))))
  }
}

/// A network by the name of a preset, or from JSON; and whether it says how many classes there are.
private func network(_ text: String) throws -> (description: NetworkDescription, givesClasses: Bool) {
  struct ClassCount: Decodable { let classes: Int? }
  if let preset = NetworkDescription(preset: text) { return (preset, false) }
  let data = Data(text.utf8)
  do {
    let description = try JSONDecoder().decode(NetworkDescription.self, from: data)
    return (description, try JSONDecoder().decode(ClassCount.self, from: data).classes != nil)
  } catch let error as DecodingError {
    let presets = NetworkDescription.presetNames.joined(separator: ", ")
    throw EngineError(
      .format, "The network description is neither a preset (\(presets)) nor usable: \(JSONProblem.sentence(error))")
  }
}

/// Refuses to draw weights that the machine has no memory for: the system would end the process while they are written.
private func requireMemory(_ model: Model, _ parts: Set<NetworkPart>) throws {
  let bytes = try model.description.parameters(parts).reduce(0.0) { $0 + 4 * Double(try Tensor.elementCount($1.shape)) }
  let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
  guard bytes <= memory else {
    throw EngineError(
      .outOfMemory,
      "The weights of this network take \(Int(bytes / 1e9)) GB, the machine has \(Int(memory / 1e9)); make it smaller.")
  }
}

@c @implementation public func dcn_model_create(
  _ description: UnsafePointer<CChar>, _ class_names: UnsafePointer<UnsafePointer<CChar>?>?, _ class_count: Int32,
  _ parts: Int32, _ seed: UInt64, _ model: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(model, "model")
    var (network, givesClasses) = try network(try text(description, "description"))
    try requireCount(class_count, "class_names")
    guard parts & ~Int32(DCN_PART_ALL) == 0 else {
      throw EngineError(.invalidArgument, "There are no such parts as \(parts); add up DCN_PART_ values.")
    }
    var names: [String]
    if let class_names {
      names = try texts(class_names, class_count, "class_names")
    } else {
      guard class_count == 0 else {
        throw EngineError(.invalidArgument, "\(class_count) class names are announced, but 'class_names' is NULL.")
      }
      try network.validate()
      names = (1...network.classes).map { "class\($0)" }
    }
    names = try fromCaller { try ClassList(names, from: "'class_names'").names }
    if !givesClasses { network.classes = names.count }
    let made = try Model(network, classNames: names, parameters: ParameterStore())
    var drawn: Set<NetworkPart> = []
    if Int(parts) & DCN_PART_CLASSIFICATION != 0 { drawn.formUnion(Set.classification) }
    if Int(parts) & DCN_PART_SEGMENTATION != 0 { drawn.formUnion(Set.segmentation) }
    try requireMemory(made, drawn)
    try made.fill(drawn, seed: seed)
    model.pointee = try Handles.issue(try ModelHandle(made))
  }
}

@c @implementation public func dcn_model_import(
  _ model: OpaquePointer, _ path: UnsafePointer<CChar>, _ preprocessing: UnsafePointer<CChar>?,
  _ imported: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(imported, "imported")
    let handle = try Handles.find(model, ModelHandle.self)
    let path = try text(path, "path")
    let preprocessing = try optionalText(preprocessing, "preprocessing")
    let result = try handle.share { model in
      var options = WeightImport.Options()
      options.preprocessing = preprocessing
      options.described = model.description.preprocessing
      return try WeightImport(model, from: path, options: options).model()
    }
    imported.pointee = try Handles.issue(try ModelHandle(result))
  }
}

@c @implementation public func dcn_model_extend(
  _ model: OpaquePointer, _ class_names: UnsafePointer<UnsafePointer<CChar>?>, _ class_count: Int32, _ seed: UInt64,
  _ extended: UnsafeMutablePointer<OpaquePointer?>
) -> Int32 {
  guarded {
    try clear(extended, "extended")
    let handle = try Handles.find(model, ModelHandle.self)
    try requireCount(class_count, "class_names", least: 1)
    let given = try texts(class_names, class_count, "class_names")
    let names = try fromCaller { try ClassList(given, from: "'class_names'").names }
    let larger = try handle.share { try $0.extended(with: names, seed: seed) }
    extended.pointee = try Handles.issue(try ModelHandle(larger))
  }
}

@c @implementation public func dcn_model_save(_ model: OpaquePointer, _ path: UnsafePointer<CChar>) -> Int32 {
  guarded {
    let handle = try Handles.find(model, ModelHandle.self)
    let path = try text(path, "path")
    try handle.reading { try ModelFile.write(handle.model, to: path) }
  }
}

@c @implementation public func dcn_model_free(_ model: OpaquePointer?) { Handles.free(model, ModelHandle.self) }

@c @implementation public func dcn_model_class_count(_ model: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(model, ModelHandle.self).classNames.count) }
}

@c @implementation public func dcn_model_class_name(_ model: OpaquePointer, _ index: Int32) -> UnsafePointer<CChar>? {
  reading(or: nil) { try element(try Handles.find(model, ModelHandle.self).classNames, index, "class").pointer }
}

@c @implementation public func dcn_model_class_index(_ model: OpaquePointer, _ name: UnsafePointer<CChar>) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(model, ModelHandle.self).model.classIndex(try text(name, "name"))) }
}

@c @implementation public func dcn_model_input_size(_ model: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(model, ModelHandle.self).model.description.inputSize) }
}

@c @implementation public func dcn_model_parts(_ model: OpaquePointer) -> Int32 {
  reading(or: -1) {
    let handle = try Handles.find(model, ModelHandle.self)
    return Int32(try handle.reading { try handle.parts() })
  }
}

@c @implementation public func dcn_model_description(_ model: OpaquePointer) -> UnsafePointer<CChar>? {
  reading(or: nil) { try Handles.find(model, ModelHandle.self).description.pointer }
}

@c @implementation public func dcn_model_family(_ model: OpaquePointer) -> UnsafePointer<CChar>? {
  reading(or: nil) { try Handles.find(model, ModelHandle.self).family.pointer }
}

@c @implementation public func dcn_model_phase_count(_ model: OpaquePointer) -> Int32 {
  reading(or: -1) { Int32(try Handles.find(model, ModelHandle.self).phases.count) }
}

@c @implementation public func dcn_model_phase_name(_ model: OpaquePointer, _ index: Int32) -> UnsafePointer<CChar>? {
  reading(or: nil) { try element(try Handles.find(model, ModelHandle.self).phases, index, "phase").pointer }
}
