import CDecoupled
import DecoupledBase
import DecoupledCore
import DecoupledNetworks
import Synchronization

/// A model of the caller, and who is using it.
final class ModelHandle: HandleObject, @unchecked Sendable {
  static let noun = "model"

  /// A parameter of the network, present or not.
  struct Parameter {
    let name: String
    let text: OwnedText
    let shape: [Int]
  }

  let model: Model
  let classNames: [OwnedText]
  let description: OwnedText
  let family: OwnedText
  /// Names of the family's phases.
  let phases: [OwnedText]
  private let list = Mutex<[Parameter]?>(nil)
  /// Calls that read the model, -1 while one changes it.
  private let users = Mutex<Int>(0)
  /// How often tensors of this model have been given to another model.
  private let sharings = Atomic<Int>(0)

  init(_ model: Model) throws {
    self.model = model
    classNames = model.classNames.map { OwnedText($0) }
    description = OwnedText(try JSONText.of(model.description))
    family = OwnedText(model.description.family)
    phases = try Families.of(model.description).phases.map { OwnedText($0.name) }
  }

  /// In the order of the layers, the classification network first.
  func parameters() throws -> [Parameter] {
    try list.withLock { list in
      if let list { return list }
      let made = try model.description.parameters().map {
        Parameter(name: $0.name, text: OwnedText($0.name), shape: $0.shape)
      }
      list = made
      return made
    }
  }

  func parameter(_ name: String) throws -> Parameter {
    if let found = try parameters().first(where: { $0.name == name }) { return found }
    throw EngineError(.notFound, "The network has no parameter '\(name)'.")
  }

  /// Runs what reads the weights.
  /// - Throws: `state` while another call changes them.
  func reading<Result>(_ body: () throws -> Result) throws -> Result {
    try users.withLock { users in
      guard users >= 0 else {
        throw EngineError(.state, "The model is being changed by another call; wait until that has returned.")
      }
      users += 1
    }
    defer { users.withLock { $0 -= 1 } }
    return try body()
  }

  /// Runs what changes the weights.
  /// - Throws: `state` while another call uses them.
  func changing<Result>(_ body: () throws -> Result) throws -> Result {
    try users.withLock { users in
      guard users == 0 else {
        throw EngineError(.state, "The model is in use by another call; change its weights when that has returned.")
      }
      users = -1
    }
    defer { users.withLock { $0 = 0 } }
    return try body()
  }

  /// The weights for another model, which will share their memory.
  func share<Result>(_ body: (Model) throws -> Result) throws -> Result {
    try reading {
      sharings.add(1, ordering: .relaxed)
      return try body(model)
    }
  }

  /// How often the weights have been shared until now.
  var sharingCount: Int { sharings.load(ordering: .relaxed) }

  /// Replaces parameters by copies, so that changing them in place changes nobody else's. For use in `changing`.
  func makeOwn(_ names: [String]) throws {
    for name in names { try model.parameters.makeOwn(name) }
  }

  /// The phase of the model's family that a number of the header stands for: its place, from 1.
  func phase(numbered number: Int32) throws -> String {
    let phases = try Families.of(model.description).phases
    guard phases.indices.contains(Int(number) - 1) else {
      throw EngineError(.invalidArgument, "There is no phase \(number); use one of the DCN_PHASE_ values.")
    }
    return phases[Int(number) - 1].name
  }

  /// The parts whose weights are all there.
  func parts() throws -> Int {
    (try model.missing(.classification).isEmpty ? DCN_PART_CLASSIFICATION : 0)
      | (try model.missing(.segmentation).isEmpty ? DCN_PART_SEGMENTATION : 0)
  }
}

/// Copies a tensor as float32 into the caller's memory.
func copy(_ tensor: Tensor, _ name: String, to values: UnsafeMutablePointer<Float>, _ count: Int64) throws {
  try requirePointer(values, "values")
  try requireElements(tensor.shape, name, count)
  guard tensor.elementType.isFloatingPoint, tensor.isContiguous else {
    throw EngineError(.unsupported, "'\(name)' is stored as \(tensor.elementType), which cannot be copied as float32.")
  }
  let source = try tensor.asFloat32()
  UnsafeMutableRawPointer(values).copyMemory(from: source.bytes, byteCount: source.byteCount)
}

/// - Throws: unless the caller's count is that of the shape.
func requireElements(_ shape: [Int], _ name: String, _ count: Int64) throws {
  let needed = try Tensor.elementCount(shape)
  guard Int(count) == needed else {
    throw EngineError(.invalidArgument, "'\(name)' of shape \(shape) has \(needed) elements, not \(count).")
  }
}
