import DecoupledBase
import DecoupledCore

/// One thing to try on a backend: a chain of nodes, how its tensors lie in memory, and the numbers in them. Its
/// description repeats it exactly.
public struct Case: Hashable, Sendable {
  /// Where values of rank 4 lie; parameters stay row-major.
  enum LayoutChoice: String, CaseIterable, Sendable {
    case nchw, nhwc
    /// Every value as the backend prefers.
    case preferred
    /// As the backend prefers, but the results row-major.
    case mixed
  }

  /// Unused elements between those of a tensor.
  enum Gap: String, CaseIterable, Sendable {
    case none
    /// Behind each row of axis 0: a slice along channels of a larger tensor.
    case slice
    /// Behind each line of the last axis: a window of a larger image.
    case pitch
  }

  /// What the inputs hold.
  enum Contents: String, CaseIterable, Sendable {
    case ordinary
    /// NaN, infinities, negative zero and numbers too small to be normal among the others.
    case special
    /// An index, a row or a label outside of what it may be: the run must fail.
    case misplaced
  }

  var nodes: [NodeSpec]
  var elementType = ElementType.float32
  var layout = LayoutChoice.nchw
  var gap = Gap.none
  /// Bytes by which each tensor is away from an address divisible by 64.
  var byteOffset = 0
  /// Whether each tensor ends where memory ends: an element read or written behind it is a crash.
  var isAtEdge = false
  /// Rows of the run, nil for as many as the kernel was made for.
  var batch: Int?
  /// Whether weights are offered in half precision.
  var hasHalfWeights = false
  /// Whether parameters are marked as constants, which backends may ask for in packed form.
  var hasConstants = true
  var contents = Contents.ordinary
  var seed: UInt64 = 1

  init(_ nodes: [NodeSpec]) { self.nodes = nodes }

  /// The operators, joined by "+".
  public var operators: String { nodes.map(\.kind.name).joined(separator: "+") }

  /// Shapes of all inputs and outputs of every node.
  struct Shapes {
    var inputs: [[[Int]?]] = []
    var outputs: [[[Int]]] = []
  }

  /// - Throws: `EngineError` when nodes and shapes do not fit together.
  func shapes() throws -> Shapes {
    var result = Shapes()
    for (index, node) in nodes.enumerated() {
      let inputs = try node.inputs.map { input -> [Int]? in
        switch input {
        case .absent: return nil
        case .tensor(let shape): return shape
        case .previous(let output):
          guard index > 0, result.outputs[index - 1].indices.contains(output) else {
            throw EngineError(.invalidArgument, "\(node.kind.name) reads an output that no node before it makes.")
          }
          return result.outputs[index - 1][output]
        }
      }
      result.inputs.append(inputs)
      let outputs = try node.outputShapes(inputs)
      guard outputs.allSatisfy({ $0.allSatisfy { $0 > 0 } }) else {
        throw EngineError(.invalidArgument, "\(node.kind.name) of \(inputs.compactMap { $0 }) would have no elements.")
      }
      result.outputs.append(outputs)
    }
    return result
  }

  /// The nodes as a run sees them that brings `batch` rows.
  func bound() -> Case {
    guard let batch else { return self }
    var result = self
    result.batch = nil
    for (index, node) in nodes.enumerated() {
      for (place, input) in node.inputs.enumerated() {
        guard case .tensor(var shape) = input, node.isBatched(place) else { continue }
        shape[0] = min(shape[0], batch)
        result.nodes[index].inputs[place] = .tensor(shape)
      }
    }
    return result
  }

  /// The first nodes of the chain.
  func prefix(_ count: Int) -> Case {
    var result = self
    result.nodes = Array(nodes.prefix(count))
    return result
  }

  /// Whether an output is read by the next node only.
  func isInternal(node: Int, output: Int) -> Bool {
    node + 1 < nodes.count && nodes[node + 1].inputs.contains(.previous(output))
  }

  /// Element type of an input.
  func type(node: Int, input: Int) -> ElementType {
    if case .previous(let output) = nodes[node].inputs[input] {
      return type(node: node - 1, output: output)
    }
    let roles = nodes[node].inputRoles
    guard roles.indices.contains(input) else { return elementType }
    if hasHalfWeights, roles[input].isWeight { return .float16 }
    return roles[input].integerType ?? elementType
  }

  func type(node: Int, output: Int) -> ElementType { nodes[node].integerType(ofOutput: output) ?? elementType }
}
