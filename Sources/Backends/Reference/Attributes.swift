import CDecoupled
import DecoupledBackendKit

/// Reads the attributes of a node: wrong kinds, counts and values are failures, never replaced by a default.
struct Attributes {
  let layer: String
  private let node: dcn_node

  init(_ node: dcn_node) {
    self.node = node
    layer = node.layerName
  }

  func failure(_ sentence: String) -> BackendFailure {
    BackendFailure(status: Int32(DCN_STATUS_INVALID_ARGUMENT), "layer \(layer): \(sentence)")
  }

  /// `count` integers within `range`.
  func integers(
    _ name: String, count: Int? = nil, in range: ClosedRange<Int>, default value: [Int]? = nil
  ) throws -> [Int] {
    guard let found = all.first(where: { String(cString: $0.name) == name }) else {
      guard let value else { throw failure("attribute \(name) is missing") }
      return value
    }
    guard let pointer = found.integers else { throw failure("attribute \(name) must hold integers") }
    let values = (0..<max(0, Int(found.count))).map { Int(pointer[$0]) }
    if let count, values.count != count {
      throw failure("attribute \(name) has \(values.count) values, not \(count)")
    }
    for value in values where !range.contains(value) {
      throw failure("attribute \(name) is \(value), which is outside \(range.lowerBound)...\(range.upperBound)")
    }
    return values
  }

  func integer(_ name: String, in range: ClosedRange<Int>, default value: Int? = nil) throws -> Int {
    try integers(name, count: 1, in: range, default: value.map { [$0] })[0]
  }

  /// Into how many parts a convolution cuts its channels.
  func group() throws -> Int { try integer("group", in: 1...Window.largest, default: 1) }

  func flag(_ name: String) throws -> Bool { try integer(name, in: 0...1, default: 0) == 1 }

  func real(_ name: String, default value: Double? = nil) throws -> Double {
    guard let found = all.first(where: { String(cString: $0.name) == name }) else {
      guard let value else { throw failure("attribute \(name) is missing") }
      return value
    }
    guard let pointer = found.reals, found.count == 1 else {
      throw failure("attribute \(name) must hold one real number")
    }
    return pointer[0]
  }

  private var all: UnsafeBufferPointer<dcn_attribute> {
    UnsafeBufferPointer(start: node.attributes, count: Int(node.attribute_count))
  }
}
