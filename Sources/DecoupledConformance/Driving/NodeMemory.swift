import CDecoupled
import DecoupledCore

/// The nodes of a case written out as the structs of `backend.h`, without memory of tensors. Lives as long as this object.
final class NodeMemory {
  var nodes: UnsafeMutableBufferPointer<dcn_node> { memory.nodes }
  private let memory: ContractMemory

  /// - Parameter layout: of the value with that shape, at its node and place.
  init(_ subject: Case, shapes: Case.Shapes, layouts: CaseLayouts, extra: [Attribute] = []) {
    memory = ContractMemory(nodeCount: subject.nodes.count)
    var made: [[Int32]] = []
    var next: Int32 = 0
    for (index, node) in subject.nodes.enumerated() {
      let inputs = node.inputs.indices.map { place -> dcn_operand in
        guard let shape = shapes.inputs[index][place] else { return ContractMemory.absent() }
        let type = subject.type(node: index, input: place)
        var operand = self.operand(type, shape, layouts.inputs[index][place], subject.gap)
        if case .previous(let output) = node.inputs[place] {
          operand.value = made[index - 1][output]
          operand.flags = Int32(DCN_OPERAND_INTERNAL)
        } else {
          operand.value = next
          next += 1
          let roles = node.inputRoles
          if subject.hasConstants, roles.indices.contains(place), roles[place].isParameter {
            operand.flags = Int32(DCN_OPERAND_CONSTANT)
          }
        }
        return operand
      }
      var numbers: [Int32] = []
      let outputs = shapes.outputs[index].indices.map { place -> dcn_operand in
        numbers.append(next)
        next += 1
        if node.absentOutputs.contains(place) { return ContractMemory.absent() }
        let type = subject.type(node: index, output: place)
        var operand = self.operand(type, shapes.outputs[index][place], layouts.outputs[index][place], subject.gap)
        operand.value = numbers[place]
        if subject.isInternal(node: index, output: place) { operand.flags = Int32(DCN_OPERAND_INTERNAL) }
        return operand
      }
      made.append(numbers)
      nodes[index] = memory.node(
        node.kind.rawValue, "layer\(index)", node.attributes + extra, inputs: inputs, outputs: outputs)
    }
  }

  /// Changes every operand of the first node that is there.
  func change(_ body: (inout dcn_operand) -> Void) {
    let node = nodes[0]
    for (list, count) in [(node.inputs, node.input_count), (node.outputs, node.output_count)] {
      guard let list = list.map({ UnsafeMutablePointer(mutating: $0) }) else { continue }
      for place in 0..<Int(count) where list[place].flags & Int32(DCN_OPERAND_ABSENT) == 0 { body(&list[place]) }
    }
  }

  private func operand(_ type: ElementType, _ shape: [Int], _ layout: Int32, _ gap: Case.Gap) -> dcn_operand {
    var operand = dcn_operand()
    operand.struct_size = UInt32(MemoryLayout<dcn_operand>.size)
    operand.tensor = dcn_tensor(
      elementType: type, shape: shape, strides: GuardedTensor.strides(shape, layout: layout, gap: gap),
      layout: Layout(rawValue: layout), buffer: nil)
    return operand
  }
}
