/// The weights of convolutions as the kernels here read them: panels of 16 output channels, the last one filled up with
/// zeros, [panel][depth][16], for Winograd one such matrix a frequency.
import CDecoupled
import DecoupledBackendKit
import Glibc

struct WeightForm {
  enum Kind: UInt64 {
    /// Transformed for `Winograd4` and `Winograd6`; the depth is the input channel.
    case winograd4 = 1
    case winograd6 = 2
    /// The depth is (row and column of the kernel, input channel), as patches of NHWC images have it.
    case channelsLast = 3
    /// The depth is (input channel, row and column of the kernel), as patches of NCHW images have it.
    case channelsFirst = 4
  }

  let kind: Kind
  /// Whether the weights are stored as [C, M, kh, kw] and each kernel is turned round: those of ConvTranspose.
  let isFlipped: Bool

  var isWinograd: Bool { kind == .winograd4 || kind == .winograd6 }

  /// The number by which the host asks for this form.
  var number: UInt64 { kind.rawValue << 1 | (isFlipped ? 1 : 0) }

  init(_ kind: Kind, isFlipped: Bool) {
    self.kind = kind
    self.isFlipped = isFlipped
  }

  init?(number: UInt64) {
    guard let kind = Kind(rawValue: number >> 1) else { return nil }
    self.init(kind, isFlipped: number & 1 != 0)
  }
}

/// An element of weights as they are stored: float32, or float16 that is widened while it is packed.
protocol StoredWeight {
  var widened: Float { get }
}

extension Float: StoredWeight {
  @inline(__always) var widened: Float { self }
}

extension Float16: StoredWeight {
  @inline(__always) var widened: Float { Float(self) }
}

/// Sizes of one parameter in one form.
struct WeightPacking {
  let form: WeightForm
  let inputs: Int
  let outputs: Int
  let kernelSize: Int

  var panels: Int { (outputs + 15) / 16 }
  var depth: Int { kernelSize * inputs }

  /// - Parameter shape: [M, C, kh, kw], or [C, M, kh, kw] for a flipped form.
  init(_ form: WeightForm, shape: [Int]) {
    self.form = form
    (outputs, inputs) = form.isFlipped ? (shape[1], shape[0]) : (shape[0], shape[1])
    kernelSize = shape[2] * shape[3]
  }

  /// Distance between the matrices of two frequencies.
  var step: Int { panels * inputs * 16 + 16 }

  var count: Int {
    switch form.kind {
    case .winograd4: Winograd4.frequencies * step
    case .winograd6: Winograd6.frequencies * step
    case .channelsLast, .channelsFirst: panels * depth * 16
    }
  }

  /// Packs `weights`, a task for some input channels of each panel.
  /// - Returns: whether all 3x3 kernels are zero but in the middle. Winograd's sums would leave a rounding error where those
  ///   of such kernels, an identity above all, are exactly zero; then they are packed as the 1x1 kernels that they are.
  func pack<Stored: StoredWeight>(
    _ weights: Rows<Stored>, into packed: UnsafeMutablePointer<Float>, _ call: KernelCall
  ) throws -> Bool {
    let isPointwise = form.isWinograd && hasOnlyCentres(weights)
    let part = 64
    let parts = (inputs + part - 1) / part
    try call.parallelFor(panels * parts) { index, _ in
      let (panel, first) = (index / parts, index % parts * part)
      let channels = first..<min(inputs, first + part)
      if isPointwise { return copyCentres(weights, panel, channels, into: packed) }
      switch form.kind {
      case .winograd4: transform(Winograd4.self, weights, panel, channels, into: packed)
      case .winograd6: transform(Winograd6.self, weights, panel, channels, into: packed)
      case .channelsLast, .channelsFirst: copy(weights, panel, channels, into: packed)
      }
    }
    return isPointwise
  }

  private func hasOnlyCentres<Stored: StoredWeight>(_ weights: Rows<Stored>) -> Bool {
    (0..<weights.count).allSatisfy { row in
      stride(from: weights[row], to: weights[row] + weights.length, by: 9).allSatisfy { kernel in
        (0..<9).allSatisfy { $0 == 4 || kernel[$0].widened == 0 }
      }
    }
  }

  /// Element `tap` of the kernels that 16 output channels have for an input channel.
  @inline(__always) private func kernels<Stored: StoredWeight>(
    _ weights: Rows<Stored>, _ panel: Int, _ input: Int, tap: Int
  ) -> Vector16 {
    let count = min(16, outputs - panel * 16)
    var result = Vector16()
    if form.isFlipped {
      let source = weights[input] + (panel * 16 * kernelSize + kernelSize - 1 - tap)
      for i in 0..<count { result[i] = source[i * kernelSize].widened }
    } else {
      let source = weights[panel * 16] + (input * kernelSize + tap)
      for i in 0..<count { result[i] = source[i * weights.stride].widened }
    }
    return result
  }

  @inline(__always) private func transform<Form: WinogradForm, Stored: StoredWeight>(
    _: Form.Type, _ weights: Rows<Stored>, _ panel: Int, _ channels: Range<Int>,
    into packed: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: (9 + 3 * Form.points) * 16) { buffer in
      let taps = buffer.baseAddress!
      let rows = taps + 9 * 16
      for input in channels {
        for tap in 0..<9 { store16(kernels(weights, panel, input, tap: tap), taps + tap * 16) }
        for v in 0..<3 {
          Form.weights({ load16(taps + ($0 * 3 + v) * 16) }, { store16($1, rows + ($0 * 3 + v) * 16) })
        }
        let target = packed + (panel * inputs + input) * 16
        for i in 0..<Form.points {
          Form.weights(
            { load16(rows + (i * 3 + $0) * 16) }, { store16($1, target + (i * Form.points + $0) * step) })
        }
      }
    }
  }

  private func copyCentres<Stored: StoredWeight>(
    _ weights: Rows<Stored>, _ panel: Int, _ channels: Range<Int>, into packed: UnsafeMutablePointer<Float>
  ) {
    for input in channels {
      store16(kernels(weights, panel, input, tap: 4), packed + (panel * inputs + input) * 16)
    }
  }

  @inline(__always) private func copy<Stored: StoredWeight>(
    _ weights: Rows<Stored>, _ panel: Int, _ channels: Range<Int>, into packed: UnsafeMutablePointer<Float>
  ) {
    let target = packed + panel * depth * 16
    for input in channels {
      for tap in 0..<kernelSize {
        let place = form.kind == .channelsLast ? tap * inputs + input : input * kernelSize + tap
        store16(kernels(weights, panel, input, tap: tap), target + place * 16)
      }
    }
  }
}

/// A parameter in one of these forms, shared by all kernels that ask for it.
final class PackedWeights: PackedConstant {
  let packing: WeightPacking
  let floats: UnsafeMutablePointer<Float>
  /// As `WeightPacking.pack` returns it.
  private(set) var isPointwise = false

  init(_ tensor: dcn_tensor, _ form: WeightForm, _ call: KernelCall) throws {
    packing = WeightPacking(form, shape: tensor.shape)
    floats = try WeightMemory.allocate(packing.count)
    try update(tensor, call)
  }

  deinit { free(floats) }

  func update(_ tensor: dcn_tensor, _ call: KernelCall) throws {
    let type = Int(tensor.element_type)
    guard type == Int(DCN_ELEMENT_F32) || type == Int(DCN_ELEMENT_F16), Int(tensor.layout) == Int(DCN_LAYOUT_NCHW),
      tensor.rank == 4, tensor.hasDenseRows, tensor.isPresent
    else {
      throw BackendFailure(
        status: Int32(DCN_STATUS_INVALID_ARGUMENT),
        "weights of a convolution must be float32 or float16 in NCHW without gaps")
    }
    // Named types, because generic code is only fast where the compiler sees what it is called with.
    if type == Int(DCN_ELEMENT_F16) {
      isPointwise = try packing.pack(Self.rows(of: tensor, Float16.self), into: floats, call)
    } else {
      isPointwise = try packing.pack(Self.rows(of: tensor, Float.self), into: floats, call)
    }
  }

  private static func rows<Stored>(of tensor: dcn_tensor, _: Stored.Type) -> Rows<Stored> {
    Rows(
      base: tensor.elements(), count: tensor.dimension(0), length: tensor.elementCount / tensor.dimension(0),
      stride: tensor.stride(0))
  }
}

/// Every packed form of this backend by its number.
enum PackedForm {
  static func pack(_ tensor: dcn_tensor, form: UInt64, _ call: KernelCall) throws -> any PackedConstant {
    if let form = WeightForm(number: form), tensor.rank == 4, tensor.elementCount > 0 {
      return try PackedWeights(tensor, form, call)
    }
    throw BackendFailure(status: Int32(DCN_STATUS_UNSUPPORTED), "the cpu backend has no packed form \(form)")
  }
}

enum WeightMemory {
  private static let largePage = 1 << 21

  /// Large ones in large pages: fewer faults while they are packed, fewer misses while they are read.
  static func allocate(_ count: Int) throws -> UnsafeMutablePointer<Float> {
    let size = max(64, count * MemoryLayout<Float>.size)
    let alignment = size >= largePage ? largePage : 64
    guard let memory = aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1)) else {
      throw BackendFailure(status: Int32(DCN_STATUS_OUT_OF_MEMORY), "no memory for \(size) bytes of packed weights")
    }
    // Not the end, which would fill up its last page.
    if size >= largePage { madvise(memory, size & ~(largePage - 1), MADV_HUGEPAGE) }
    return memory.bindMemory(to: Float.self, capacity: count)
  }
}
