import DecoupledCore

/// Operators with sliding windows: random kernels, strides, pads and dilations.
enum RandomWindows {
  private struct Geometry {
    var kernel: [Int]
    var attributes: [Attribute] = []
    var strides = [1, 1]
    var pads = [0, 0, 0, 0]
    var dilations = [1, 1]

    init(_ numbers: inout Numbers, dilates: Bool = true, padsBelowKernel: Bool = false) {
      // 3x3 with padding 1 is what most layers have.
      let usual = numbers.chance(0.4)
      kernel = usual ? [3, 3] : [numbers.int(1...5), numbers.int(1...5)]
      if numbers.chance(usual ? 0.2 : 0.5) { strides = [numbers.int(1...3), numbers.int(1...3)] }
      if dilates, numbers.chance(0.2) { dilations = [numbers.int(1...2), numbers.int(1...3)] }
      let kernel = kernel
      pads =
        usual && numbers.chance(0.7)
        ? [1, 1, 1, 1]
        : (0..<4).map { numbers.int(0...(padsBelowKernel ? (kernel[$0 % 2] - 1) / 2 : kernel[$0 % 2] / 2 + 1)) }
      if strides != [1, 1] || numbers.chance(0.5) { attributes.append(.integers("strides", strides)) }
      if pads != [0, 0, 0, 0] || numbers.chance(0.5) { attributes.append(.integers("pads", pads)) }
      if dilates, dilations != [1, 1] || numbers.chance(0.3) { attributes.append(.integers("dilations", dilations)) }
    }

    /// An image size of at least one window.
    func size(_ numbers: inout Numbers) -> [Int] {
      (0..<2).map { axis in
        let extent = dilations[axis] * (kernel[axis] - 1) + 1
        return max(1, extent - pads[axis] - pads[axis + 2]) + numbers.int(0...14)
      }
    }

    func windows(_ size: [Int]) -> [Int] {
      (0..<2).map { axis in
        let room = size[axis] + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel[axis] - 1) - 1
        return room / strides[axis] + 1
      }
    }
  }

  private static func bias(_ count: Int, _ numbers: inout Numbers) -> [InputSpec] {
    switch numbers.int(0...3) {
    case 0: []
    case 1: [.absent]
    default: [.tensor([count])]
    }
  }

  /// Input and output channels of a convolution and its groups, half of which are single channels.
  private static func channels(_ numbers: inout Numbers) -> (inputs: Int, outputs: Int, group: Int) {
    guard numbers.chance(0.4) else {
      return (RandomNodes.channels(&numbers), RandomNodes.channels(&numbers), 1)
    }
    let group = numbers.pick([2, 3, 4, 8, 9, 15, 16, 17, 24, 33, 40])
    if numbers.chance(0.5) { return (group, group, group) }
    return (group * numbers.int(1...3), group * numbers.int(1...3), group)
  }

  private static func attribute(_ group: Int, _ numbers: inout Numbers) -> [Attribute] {
    group > 1 || numbers.chance(0.2) ? [.integer("group", group)] : []
  }

  static func conv(_ numbers: inout Numbers) -> NodeSpec {
    let geometry = Geometry(&numbers)
    let (c, m, group) = channels(&numbers)
    let x = [numbers.int(1...3), c] + geometry.size(&numbers)
    return NodeSpec(
      .conv, [.tensor(x), .tensor([m, c / group] + geometry.kernel)] + bias(m, &numbers),
      geometry.attributes + attribute(group, &numbers))
  }

  static func convTranspose(_ numbers: inout Numbers) -> NodeSpec {
    let geometry = Geometry(&numbers)
    // Large enough that padding leaves something.
    let (c, m, group) = channels(&numbers)
    let x = [numbers.int(1...3), c] + geometry.size(&numbers).map { $0 + 3 }
    var attributes = geometry.attributes + attribute(group, &numbers)
    if numbers.chance(0.4) {
      attributes.append(.integers("output_padding", geometry.strides.map { numbers.int(0...($0 - 1)) }))
    }
    return NodeSpec(
      .convTranspose, [.tensor(x), .tensor([c, m / group] + geometry.kernel)] + bias(m, &numbers), attributes)
  }

  static func convWeightGradient(_ numbers: inout Numbers) -> NodeSpec {
    let geometry = Geometry(&numbers)
    let (c, m, group) = channels(&numbers)
    let x = [numbers.int(1...3), c] + geometry.size(&numbers)
    let dy = [x[0], m] + geometry.windows(Array(x[2...]))
    return NodeSpec(
      .convWeightGradient, [.tensor(x), .tensor(dy)],
      [.integers("kernel_shape", geometry.kernel)] + geometry.attributes + attribute(group, &numbers))
  }

  private static func pool(_ numbers: inout Numbers) -> Geometry {
    var geometry = Geometry(&numbers, dilates: false, padsBelowKernel: true)
    // 2x2 in steps of 2 is what the networks have.
    if numbers.chance(0.4) {
      geometry.kernel = [2, 2]
      geometry.strides = [2, 2]
      geometry.pads = [0, 0, 0, 0]
      geometry.attributes = [.integers("strides", [2, 2])]
    }
    return geometry
  }

  static func maxPool(_ numbers: inout Numbers) -> NodeSpec {
    let geometry = pool(&numbers)
    let x = [numbers.int(1...3), RandomNodes.channels(&numbers)] + geometry.size(&numbers)
    let ceil: [Attribute] = numbers.chance(0.3) ? [.flag("ceil_mode", true)] : []
    return NodeSpec(
      .maxPool, [.tensor(x)], [.integers("kernel_shape", geometry.kernel)] + geometry.attributes + ceil,
      without: numbers.chance(0.3) ? [1] : [])
  }

  static func averagePool(_ numbers: inout Numbers) -> NodeSpec {
    let geometry = pool(&numbers)
    let x = [numbers.int(1...3), RandomNodes.channels(&numbers)] + geometry.size(&numbers)
    return NodeSpec(
      .averagePool, [.tensor(x)],
      [.integers("kernel_shape", geometry.kernel)] + geometry.attributes + included(&numbers))
  }

  static func averageUnpool(_ numbers: inout Numbers) -> NodeSpec {
    let geometry = pool(&numbers)
    let size = geometry.size(&numbers)
    let x = [numbers.int(1...3), RandomNodes.channels(&numbers)] + geometry.windows(size)
    return NodeSpec(
      .averageUnpool, [.tensor(x)],
      [.integers("output_shape", size), .integers("kernel_shape", geometry.kernel)] + geometry.attributes
        + included(&numbers))
  }

  private static func included(_ numbers: inout Numbers) -> [Attribute] {
    numbers.chance(0.3) ? [.flag("count_include_pad", true)] : []
  }

  private static func images(_ rows: [Int], _ numbers: inout Numbers) -> [InputSpec] {
    if numbers.chance(0.5) { return [.tensor(rows)] + (numbers.chance(0.5) ? [] : [.absent]) }
    return [.tensor([numbers.int(1...3)] + rows.dropFirst()), .tensor([rows[0]])]
  }

  static func maxUnpool(_ numbers: inout Numbers) -> NodeSpec {
    let x = [numbers.int(1...4), RandomNodes.channels(&numbers), numbers.int(1...9), numbers.int(1...11)]
    // Twice as large, or by an odd line more, or any size.
    let any = numbers.chance(0.3)
    let size = x[2...].map { any ? numbers.int(1...20) : 2 * $0 + numbers.int(0...1) }
    let accumulate: [Attribute] = numbers.chance(0.4) ? [.flag("accumulate", true)] : []
    return NodeSpec(
      .maxUnpool, [.tensor(x)] + images(x, &numbers), [.integers("output_shape", size)] + accumulate)
  }

  static func maxUnpoolGradient(_ numbers: inout Numbers) -> NodeSpec {
    let dx = [numbers.int(1...4), RandomNodes.channels(&numbers), numbers.int(1...9), numbers.int(1...11)]
    let dy = Array(dx[..<2]) + dx[2...].map { 2 * $0 + numbers.int(0...1) }
    return NodeSpec(.maxUnpoolGradient, [.tensor(dy)] + images(dx, &numbers))
  }
}
