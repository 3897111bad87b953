import DecoupledCore

/// A random kernel with strides, pads and dilations.
struct RandomWindow {
  private(set) var kernel: [Int]
  private(set) var attributes: [Attribute] = []
  private(set) var strides = [1, 1]
  private var pads = [0, 0, 0, 0]
  private var dilations = [1, 1]

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

  init(pool numbers: inout Numbers) {
    self.init(&numbers, dilates: false, padsBelowKernel: true)
    // 2x2 in steps of 2 is what the networks have.
    if numbers.chance(0.4) {
      kernel = [2, 2]
      strides = [2, 2]
      pads = [0, 0, 0, 0]
      attributes = [.integers("strides", [2, 2])]
    }
  }

  /// An image size of at least one window.
  func size(_ numbers: inout Numbers) -> [Int] {
    (0..<2).map { axis in
      let extent = dilations[axis] * (kernel[axis] - 1) + 1
      return max(1, extent - pads[axis] - pads[axis + 2]) + numbers.int(0...14)
    }
  }

  /// Input and output channels of a convolution and its groups, half of which are single channels.
  static func channels(_ numbers: inout Numbers) -> (
    inputs: Int, outputs: Int, group: [Attribute], perGroup: (Int, Int)
  ) {
    var (inputs, outputs, group) = (0, 0, 1)
    if numbers.chance(0.4) {
      group = numbers.pick([2, 3, 4, 8, 9, 15, 16, 17, 24, 33, 40])
      (inputs, outputs) = (group, group)
      if numbers.chance(0.5) { (inputs, outputs) = (group * numbers.int(1...3), group * numbers.int(1...3)) }
    } else {
      (inputs, outputs) = (numbers.channels(), numbers.channels())
    }
    let attribute: [Attribute] = group > 1 || numbers.chance(0.2) ? [.integer("group", group)] : []
    return (inputs, outputs, attribute, (inputs / group, outputs / group))
  }

  func windows(_ size: [Int]) -> [Int] {
    (0..<2).map { axis in
      let room = size[axis] + pads[axis] + pads[axis + 2] - dilations[axis] * (kernel[axis] - 1) - 1
      return room / strides[axis] + 1
    }
  }
}
