import CDecoupled

/// What the contract knows: nodes with anything else must be declined.
public enum Vocabulary {
  /// How many leading nodes have only attributes, element types and layouts that the contract has. What is private to a
  /// backend is left to that backend.
  public static func known(_ chain: Chain) -> Int { chain.firstIndex { !isKnown($0) } ?? chain.count }

  private static func isKnown(_ node: dcn_node) -> Bool {
    let operands = [node.inputOperands, node.outputOperands].joined().filter { !$0.isAbsent }
    let types = Int32(DCN_ELEMENT_F32)...Int32(DCN_ELEMENT_I64)
    guard operands.allSatisfy({ types.contains($0.tensor.element_type) && isKnown(layout: $0.tensor.layout) }) else {
      return false
    }
    guard node.kind < Int32(DCN_OPERATOR_PRIVATE) else { return true }
    let names = attributes(of: node.kind)
    return UnsafeBufferPointer(start: node.attributes, count: Int(node.attribute_count)).allSatisfy { attribute in
      attribute.name.map { names.contains(String(cString: $0)) } ?? false
    }
  }

  private static func isKnown(layout: Int32) -> Bool {
    [Int32(DCN_LAYOUT_NCHW), Int32(DCN_LAYOUT_NHWC)].contains(layout) || layout >= Int32(DCN_LAYOUT_PRIVATE)
  }

  private static func attributes(of kind: Int32) -> [String] {
    switch Int(kind) {
    case Int(DCN_OPERATOR_CONV): ["strides", "pads", "dilations", "group"]
    case Int(DCN_OPERATOR_CONV_TRANSPOSE): ["strides", "pads", "dilations", "output_padding", "group"]
    case Int(DCN_OPERATOR_CONV_WEIGHT_GRADIENT): ["kernel_shape", "strides", "pads", "dilations", "group"]
    case Int(DCN_OPERATOR_REDUCE_SUM): ["axes"]
    case Int(DCN_OPERATOR_MAX_POOL): ["kernel_shape", "strides", "pads", "ceil_mode"]
    case Int(DCN_OPERATOR_MAX_UNPOOL): ["output_shape", "accumulate"]
    case Int(DCN_OPERATOR_AVERAGE_POOL): ["kernel_shape", "strides", "pads", "count_include_pad"]
    case Int(DCN_OPERATOR_AVERAGE_UNPOOL): ["output_shape", "kernel_shape", "strides", "pads", "count_include_pad"]
    case Int(DCN_OPERATOR_SIGMOID_GRADIENT): ["mapped"]
    case Int(DCN_OPERATOR_SOFTMAX): ["axis"]
    case Int(DCN_OPERATOR_SOFTMAX_GRADIENT): ["axis", "mapped"]
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION): ["epsilon", "training_mode"]
    case Int(DCN_OPERATOR_BATCH_NORMALIZATION_GRADIENT): ["epsilon", "training_mode", "mapped"]
    case Int(DCN_OPERATOR_MUL), Int(DCN_OPERATOR_ADD): ["broadcast"]
    case Int(DCN_OPERATOR_CONCAT): ["axis", "mapped"]
    case Int(DCN_OPERATOR_SLICE): ["axis", "start", "end"]
    case Int(DCN_OPERATOR_GEMM): ["transA", "transB", "alpha", "beta"]
    case Int(DCN_OPERATOR_DROPOUT): ["ratio"]
    case Int(DCN_OPERATOR_RESIZE), Int(DCN_OPERATOR_RESIZE_GRADIENT):
      ["output_shape", "mode", "cubic_coefficient", "antialias", "border"]
    case Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY), Int(DCN_OPERATOR_SOFTMAX_CROSS_ENTROPY_GRADIENT): ["ignore_index"]
    case Int(DCN_OPERATOR_SCALE): ["factor"]
    default: []
    }
  }
}
