/// Conv and ConvTranspose with channels that come last: what the kernels share, and which of them a shape gets.
import CDecoupled
import DecoupledBackendKit
import Glibc

enum ChannelsLastConvolution {
  /// Winograd's transforms lose about a digit. Whoever minds sets DECOUPLED_CPU_PRECISE=1 and gets plain sums.
  static let isPrecise: Bool = PluginEnvironment.isOn("DECOUPLED_CPU_PRECISE")

  static func kernel(_ readers: [NodeReader]) throws -> any SwiftKernel {
    let parts = try ConvolutionParts(readers)
    switch method(parts) {
    case .winograd(let kind): return try WinogradConvolution(parts, kind)
    case .pixels: return try PixelConvolution(parts)
    case .patches: return try PatchConvolution(parts)
    }
  }

  /// MaxUnpool and the convolution behind it as one kernel.
  /// - Throws: where that is no Winograd convolution of images that can be un-pooled while they are read.
  static func kernelWithUnpooling(_ readers: [NodeReader]) throws -> any SwiftKernel {
    let unpooling = try ChannelsLastMaximumUnpooling(readers[0])
    let parts = try ConvolutionParts(Array(readers[1...]))
    guard unpooling.isReadInPlace, parts.x.place == nil, case .winograd(let kind) = method(parts) else {
      throw readers[0].refusal("it is not computed with the layer behind it")
    }
    return try WinogradConvolution(parts, kind, unpooling: unpooling)
  }

  /// A convolution and the MaxPool behind it as one kernel.
  /// - Throws: where that is no Winograd convolution whose results can be pooled before they are written.
  static func kernelWithPooling(_ readers: [NodeReader]) throws -> any SwiftKernel {
    let last = readers[readers.count - 1]
    let pooling = try ChannelsLastMaximumPooling(last)
    let parts = try ConvolutionParts(readers.dropLast())
    guard pooling.isWrittenInPlace, parts.epilogue.output.place == nil, case .winograd(let kind) = method(parts) else {
      throw last.refusal("it is not computed with the layer before it")
    }
    return try WinogradConvolution(parts, kind, pooling: pooling)
  }

  private enum Method {
    case winograd(WeightForm.Kind)
    case patches, pixels
  }

  private static func method(_ parts: ConvolutionParts) -> Method {
    let geometry = parts.geometry
    if !parts.isChannelsLast(parts.epilogue.output), parts.isChannelsLast(parts.x), geometry.isPointwise,
      parts.outputChannels <= PixelConvolution.mostOutputs
    {
      return .pixels
    }
    let isWinograd =
      geometry.kernelHeight == 3 && geometry.kernelWidth == 3 && geometry.strideY == 1 && geometry.strideX == 1
      && geometry.dilationY == 1 && geometry.dilationX == 1 && parts.isChannelsLast(parts.x)
      && parts.isChannelsLast(parts.epilogue.output) && min(parts.inputChannels, parts.outputChannels) >= 16
    guard isWinograd, !isPrecise else { return .patches }
    let shape = ConvolutionShape(
      parts.inputChannels, parts.outputChannels, geometry.outHeight, geometry.outWidth)
    switch ConvolutionAlgorithm.choice(shape) {
    case .winograd4: return .winograd(.winograd4)
    case .winograd6: return .winograd(.winograd6)
    case .direct: return .patches
    }
  }
}

/// What the kernels read from the nodes.
struct ConvolutionParts {
  let x: Operand
  let weights: Operand
  /// Whether the weights are stored as float16: they are widened while they are packed.
  let isHalf: Bool
  /// Whether the host keeps the weights as a constant, and can pack them.
  let hasConstantWeights: Bool
  /// Whether the weights are those of a ConvTranspose.
  let isFlipped: Bool
  /// Height and width of the kernels that are packed.
  private(set) var kernelShape: [Int]
  /// Geometry of the convolution from x to y.
  private(set) var geometry: ConvolutionGeometry
  let epilogue: EpilogueOperands
  let inputChannels: Int
  let outputChannels: Int

  init(_ readers: [NodeReader]) throws {
    let node = readers[0]
    try node.require(try node.group() == 1, "its groups are not computed with its neighbours")
    isFlipped = Int(node.node.kind) == Int(DCN_OPERATOR_CONV_TRANSPOSE)
    x = try node.input(0, rank: 4...4, layout: node.layout(ofInput: 0))
    let operands = node.node.inputOperands
    isHalf = operands.count > 1 && Int(operands[1].tensor.element_type) == Int(DCN_ELEMENT_F16)
    weights = try node.input(1, rank: 4...4, type: isHalf ? Int(DCN_ELEMENT_F16) : Int(DCN_ELEMENT_F32))
    hasConstantWeights = operands[1].isConstant
    let bias = try node.optionalInput(2, rank: 1...1)
    let layout = node.layout(ofOutput: 0)
    let y = try node.output(0, rank: 4...4, layout: layout)
    inputChannels = weights.shape[isFlipped ? 0 : 1]
    outputChannels = weights.shape[isFlipped ? 1 : 0]
    try node.require(x.shape[1] == inputChannels, "\(x.shape[1]) channels meet weights \(weights.shape)")
    try node.require(y.shape[0] == x.shape[0] && y.shape[1] == outputChannels, "the result has shape \(y.shape)")
    try node.require(bias == nil || bias?.shape == [outputChannels], "the bias does not fit weights \(weights.shape)")
    let kernel = Array(weights.shape[2...])
    kernelShape = kernel
    let (image, result) = (Array(x.shape[2...]), Array(y.shape[2...]))
    if isFlipped {
      let transposed = try ConvolutionGeometry(
        node, image: result, kernel: kernel, result: image,
        outputPadding: try node.list("output_padding", count: 2, default: 0))
      try node.require(
        transposed.strideY == 1 && transposed.strideX == 1, "a transposed convolution with a stride is computed in NCHW"
      )
      geometry = transposed.flipped()
    } else {
      geometry = try ConvolutionGeometry(node, image: image, kernel: kernel, result: result)
    }
    epilogue = try EpilogueOperands(readers, bias: bias, shape: y.shape, layout: layout)
  }

  func isChannelsLast(_ operand: Operand) -> Bool { Int(operand.layout) == Int(DCN_LAYOUT_NHWC) }

  func packing(_ kind: WeightForm.Kind) -> WeightPacking {
    WeightPacking(WeightForm(kind, isFlipped: isFlipped), shape: Array(weights.shape[..<2]) + kernelShape)
  }

  /// The same layer with nothing but the middle of its 3x3 kernels.
  var centres: ConvolutionParts {
    var parts = self
    parts.kernelShape = [1, 1]
    (parts.geometry.kernelHeight, parts.geometry.kernelWidth) = (1, 1)
    parts.geometry.top -= parts.geometry.dilationY
    parts.geometry.left -= parts.geometry.dilationX
    return parts
  }

  /// Hands `body` the packed weights, and whether they are but the middle of their kernels: the host's constant, or, where it
  /// handed in the tensor itself, a copy for this run.
  func withWeights(
    _ packing: WeightPacking, _ call: KernelCall, _ body: (UnsafePointer<Float>, _ isPointwise: Bool) throws -> Void
  ) throws {
    if let place = weights.place, let constant = call.packed(place) {
      guard let packed = constant as? PackedWeights, packed.packing.form.number == packing.form.number,
        packed.packing.count == packing.count
      else {
        throw BackendFailure(
          status: Int32(DCN_STATUS_INVALID_ARGUMENT), "layer \(weights.layer): the weights are packed in another form")
      }
      return try body(packed.floats, packed.isPointwise)
    }
    let copy = try WeightMemory.allocate(packing.count)
    defer { free(copy) }
    let isPointwise =
      isHalf
      ? try packing.pack(try call.parameter(weights, Float16.self), into: copy, call)
      : try packing.pack(try call.parameter(weights, Float.self), into: copy, call)
    try body(copy, isPointwise)
  }

  /// The form to ask the host for at this place of the inputs.
  func packedForm(input: Int, _ packing: WeightPacking) -> UInt64 {
    hasConstantWeights && input == weights.place ? packing.form.number : 0
  }
}

extension NodeReader {
  /// Layout in which the host offers an operand.
  func layout(ofInput index: Int) -> Int { layout(node.inputOperands, index) }
  func layout(ofOutput index: Int) -> Int { layout(node.outputOperands, index) }

  private func layout(_ operands: UnsafeBufferPointer<dcn_operand>, _ index: Int) -> Int {
    index < operands.count && !operands[index].isAbsent ? Int(operands[index].tensor.layout) : Int(DCN_LAYOUT_NCHW)
  }
}
