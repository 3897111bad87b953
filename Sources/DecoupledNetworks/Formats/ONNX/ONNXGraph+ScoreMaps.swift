import DecoupledCore

/// What prediction does around the label passes, in ONNX's operators.
extension ONNXGraph {
  /// 1 where values lie above a bound, 0 elsewhere.
  mutating func isAbove(_ bound: String, _ values: String) -> String {
    add("Cast", [add("Greater", [values, bound])], [("to", .elementType(.float32))])
  }

  /// The classes with the highest of the scores [1, L], one row each with 1 for its class: [count, L].
  mutating func highest(_ count: Int, of scores: String, classes: Int) -> String {
    if count == classes {
      let unit = (0..<(classes * classes)).map { Float($0 / classes == $0 % classes ? 1 : 0) }
      return constant(unit, [classes, classes])
    }
    let best = add(
      "TopK", [scores, constant([count])], [("axis", .integer(1))], names: ["best_scores", "best_classes"])
    let order = add("Reshape", [best[1], constant([count])])
    return add("OneHot", [order, constant([classes], []), constant([Float(0), 1], [2])])
  }

  /// Steps 4 to 7 of the released procedure: background of the pass of all classes, foreground of each class's own pass, ties
  /// where nothing is above 0, division by the sum.
  /// - Parameters:
  ///   - probabilities: [1 + passes, 2, S, S], all classes first.
  ///   - shown: [passes, L], 1 where a pass shows a class.
  /// - Returns: [1, L + 1, S, S].
  mutating func scoreMaps(ofPasses probabilities: String, shown: String, passes: Int, classes: Int, size: Int) -> String
  {
    let axes = constant([0, 1])
    let background = add("Slice", [probabilities, constant([0, 0]), constant([1, 1]), axes])
    let foregrounds = add("Slice", [probabilities, constant([1, 1]), constant([passes + 1, 2]), axes])
    let flat = add("Reshape", [foregrounds, constant([passes, size * size])])
    let placed = add("MatMul", [add("Transpose", [shown], [("perm", .integers([1, 0]))]), flat])
    let maps = add("Reshape", [placed, constant([1, classes, size, size])])
    let all = add("Concat", [background, maps], [("axis", .integer(1))])
    let channel = constant([1])
    let isEmpty = add("LessOrEqual", [add("ReduceSum", [all, channel]), constant([Float(0)])])
    let perClass = add("Reshape", [add("ReduceSum", [shown, constant([0])]), constant([1, classes, 1, 1])])
    let taking = add("Concat", [constant([Float(1)], [1, 1, 1, 1]), perClass], [("axis", .integer(1))])
    let tied = add("Add", [all, add("Where", [isEmpty, taking, constant([Float(0)])])])
    return add("Div", [tied, add("ReduceSum", [tied, channel])])
  }

  /// The label with the largest of the score maps [1, L + 1, H, W] in each pixel, as "label_map" int64 [1, H, W].
  mutating func outputLabelMap(of maps: String, size: [Int]) {
    let labels = add("ArgMax", [maps], [("axis", .integer(1)), ("keepdims", .integer(0))])
    output("label_map", labels, [1] + size, .int64)
  }
}
