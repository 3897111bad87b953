import CDecoupled
import DecoupledBackendKit

/// Nodes that outlive the call that brought them.
final class NodeCopies {
  let nodes: UnsafeMutableBufferPointer<dcn_node>
  private var allocations: [UnsafeMutableRawPointer] = []

  init(_ original: Chain) {
    nodes = .allocate(capacity: original.count)
    nodes.initialize(repeating: dcn_node())
    for (place, node) in original.enumerated() { nodes[place] = copy(node) }
  }

  deinit {
    allocations.forEach { $0.deallocate() }
    nodes.deallocate()
  }

  var chain: Chain { Chain(nodes) }

  private func copy(_ node: dcn_node) -> dcn_node {
    var result = node
    result.name = text(node.name)
    result.private_name = text(node.private_name)
    let attributes = UnsafeBufferPointer(start: node.attributes, count: Int(node.attribute_count)).map {
      var attribute = $0
      attribute.name = text($0.name)
      attribute.integers = array($0.integers, $0.count)
      attribute.reals = array($0.reals, $0.count)
      return attribute
    }
    result.attributes = attributes.withUnsafeBufferPointer { array($0.baseAddress, node.attribute_count) }
    result.inputs = array(node.inputs, node.input_count)
    result.outputs = array(node.outputs, node.output_count)
    return result
  }

  private func array<Element>(_ elements: UnsafePointer<Element>?, _ count: Int32) -> UnsafePointer<Element>? {
    guard let elements, count >= 0 else { return nil }
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, Int(count)))
    copy.initialize(from: elements, count: Int(count))
    allocations.append(UnsafeMutableRawPointer(copy))
    return UnsafePointer(copy)
  }

  private func text(_ string: UnsafePointer<CChar>?) -> UnsafePointer<CChar>? {
    guard let string else { return nil }
    var length: Int32 = 0
    while string[Int(length)] != 0 { length += 1 }
    return array(string, length + 1)
  }
}
