public import CDecoupled

/// A backend written in Swift. `BackendTable` turns it into the C functions of `backend.h`.
public protocol SwiftBackend: AnyObject {
  /// How many leading nodes of the chain run as one kernel, 0 for none.
  func supports(_ chain: Chain) -> Int
  /// Makes a kernel for exactly the nodes of `chain`. Nothing of `chain` may be kept but copies.
  func makeKernel(_ chain: Chain) throws -> SwiftKernel
  /// The layout in which values of this shape are kept between kernels.
  func preferredLayout(_ value: dcn_tensor) -> Int32
  /// Packs a parameter in a form that one of the kernels asked for. `call` has threads but no operands.
  func pack(_ tensor: dcn_tensor, form: UInt64, _ call: KernelCall) throws -> any PackedConstant
}

extension SwiftBackend {
  public func preferredLayout(_ value: dcn_tensor) -> Int32 { Int32(DCN_LAYOUT_NCHW) }

  public func pack(_ tensor: dcn_tensor, form: UInt64, _ call: KernelCall) throws -> any PackedConstant {
    throw BackendFailure(status: Int32(DCN_STATUS_UNSUPPORTED), "this backend packs no constants")
  }
}

/// A parameter in the form its kernels read.
public protocol PackedConstant: AnyObject {
  /// Packs new contents of the same shape.
  func update(_ tensor: dcn_tensor, _ call: KernelCall) throws
}

/// A kernel made for a chain of nodes. Immutable once made: `run` may be called from several threads at once.
public protocol SwiftKernel: AnyObject {
  /// Bytes shared by all lanes of a run.
  var workspaceSize: Int { get }
  /// Bytes for each lane of a run.
  var laneWorkspaceSize: Int { get }
  /// The packed form in which the input at this place of the run is wanted, 0 for none.
  func packedForm(input: Int) -> UInt64
  /// How it computes, for people; nil where there is nothing to tell.
  var algorithm: KernelAlgorithm? { get }
  func run(_ call: KernelCall) throws
}

extension SwiftKernel {
  public var workspaceSize: Int { 0 }
  public var laneWorkspaceSize: Int { 0 }
  public func packedForm(input: Int) -> UInt64 { 0 }
  public var algorithm: KernelAlgorithm? { nil }
}

/// What `dcn_kernel_info` says of an algorithm.
public struct KernelAlgorithm: Sendable {
  let name: StaticString
  /// Multiplications for each one of the direct form, 0 where it cannot be said.
  let workShare: Double

  public init(_ name: StaticString, workShare: Double = 1) {
    self.name = name
    self.workShare = workShare
  }
}

extension UnsafeMutablePointer<dcn_kernel_info> {
  /// Whether the host that asks has the members for people.
  private var hasAlgorithm: Bool {
    let end = MemoryLayout<dcn_kernel_info>.offset(of: \.work_share)! + MemoryLayout<Double>.size
    return Int(pointee.struct_size) >= end
  }

  fileprivate func fill(_ kernel: any SwiftKernel) {
    pointee.workspace_size = UInt64(kernel.workspaceSize)
    pointee.lane_workspace_size = UInt64(kernel.laneWorkspaceSize)
    guard hasAlgorithm, let algorithm = kernel.algorithm else { return }
    pointee.algorithm = UnsafeRawPointer(algorithm.name.utf8Start).assumingMemoryBound(to: CChar.self)
    pointee.work_share = algorithm.workShare
  }
}

private final class OpenBackend {
  let backend: any SwiftBackend
  init(_ backend: any SwiftBackend) { self.backend = backend }
}

private final class OpenKernel {
  let kernel: any SwiftKernel
  init(_ kernel: any SwiftKernel) { self.kernel = kernel }
}

/// What a `dcn_constant` of a Swift backend points to.
final class OpenConstant {
  let constant: any PackedConstant
  init(_ constant: any PackedConstant) { self.constant = constant }
}

/// Builds the table of a backend that is written in Swift.
public enum BackendTable {
  /// Hands an opened backend to the host; to be called by the plugin's `create`.
  public static func open(
    _ backend: any SwiftBackend, into result: UnsafeMutablePointer<OpaquePointer?>?
  ) -> Int32 {
    result?.pointee = OpaquePointer(Unmanaged.passRetained(OpenBackend(backend)).toOpaque())
    return Int32(DCN_STATUS_OK)
  }

  /// The table of a backend whose `create` calls `open`. Lives until the process ends, as the contract asks.
  /// - Parameter createConfigured: `create` for a name with a configuration behind it, nil when the backend takes none.
  public static func make(
    name: StaticString, variant: StaticString, version: StaticString, score: @escaping @convention(c) () -> Int32,
    create:
      @escaping @convention(c) (
        Int32, UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<CChar>?, Int
      ) -> Int32,
    createConfigured: (
      @convention(c) (
        Int32, UnsafePointer<CChar>?, UnsafeMutablePointer<OpaquePointer?>?, UnsafeMutablePointer<CChar>?, Int
      ) -> Int32
    )? = nil
  ) -> UnsafePointer<dcn_backend_table> {
    var table = dcn_backend_table()
    table.struct_size = UInt32(MemoryLayout<dcn_backend_table>.size)
    table.contract_version = UInt32(DCN_BACKEND_CONTRACT_VERSION)
    table.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    table.variant = UnsafeRawPointer(variant.utf8Start).assumingMemoryBound(to: CChar.self)
    table.version = UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
    table.score = score
    table.create = create
    table.create_configured = createConfigured
    table.destroy = { backend in
      if let backend { Unmanaged<OpenBackend>.fromOpaque(UnsafeRawPointer(backend)).release() }
    }
    table.supports = { backend, nodes, count in
      guard let backend else { return 0 }
      let open = Unmanaged<OpenBackend>.fromOpaque(UnsafeRawPointer(backend)).takeUnretainedValue()
      let known = Vocabulary.known(Chain(start: nodes, count: Int(count)))
      return known == 0 ? 0 : Int32(open.backend.supports(Chain(start: nodes, count: known)))
    }
    table.kernel_create = { backend, nodes, count, kernel, info, message, capacity in
      guard let backend else { return Int32(DCN_STATUS_INVALID_ARGUMENT) }
      let open = Unmanaged<OpenBackend>.fromOpaque(UnsafeRawPointer(backend)).takeUnretainedValue()
      do {
        let made = try open.backend.makeKernel(Chain(start: nodes, count: Int(count)))
        info?.fill(made)
        kernel?.pointee = OpaquePointer(Unmanaged.passRetained(OpenKernel(made)).toOpaque())
        return Int32(DCN_STATUS_OK)
      } catch {
        return report(error, message, capacity)
      }
    }
    table.kernel_destroy = { kernel in
      if let kernel { Unmanaged<OpenKernel>.fromOpaque(UnsafeRawPointer(kernel)).release() }
    }
    table.run = { kernel, inputs, inputCount, outputs, outputCount, context, message, capacity in
      guard let kernel, let context else { return Int32(DCN_STATUS_INVALID_ARGUMENT) }
      let open = Unmanaged<OpenKernel>.fromOpaque(UnsafeRawPointer(kernel)).takeUnretainedValue()
      let call = KernelCall(
        inputs: UnsafeBufferPointer(start: inputs, count: Int(inputCount)),
        outputs: UnsafeBufferPointer(start: outputs, count: Int(outputCount)), context: context)
      do {
        try open.kernel.run(call)
        return Int32(DCN_STATUS_OK)
      } catch {
        return report(error, message, capacity)
      }
    }
    table.preferred_layout = { backend, value in
      guard let backend, let value else { return Int32(DCN_LAYOUT_NCHW) }
      let open = Unmanaged<OpenBackend>.fromOpaque(UnsafeRawPointer(backend)).takeUnretainedValue()
      return open.backend.preferredLayout(value.pointee)
    }
    addPacking(to: &table)
    let result = UnsafeMutablePointer<dcn_backend_table>.allocate(capacity: 1)
    result.initialize(to: table)
    return UnsafePointer(result)
  }
}

private func addPacking(to table: inout dcn_backend_table) {
  table.packing = { kernel, input in
    guard let kernel else { return 0 }
    let open = Unmanaged<OpenKernel>.fromOpaque(UnsafeRawPointer(kernel)).takeUnretainedValue()
    return open.kernel.packedForm(input: Int(input))
  }
  table.constant_create = { backend, form, tensor, context, constant, message, capacity in
    guard let backend, let tensor, let context else { return Int32(DCN_STATUS_INVALID_ARGUMENT) }
    let open = Unmanaged<OpenBackend>.fromOpaque(UnsafeRawPointer(backend)).takeUnretainedValue()
    do {
      let made = try open.backend.pack(tensor.pointee, form: form, KernelCall(context))
      constant?.pointee = OpaquePointer(Unmanaged.passRetained(OpenConstant(made)).toOpaque())
      return Int32(DCN_STATUS_OK)
    } catch {
      return report(error, message, capacity)
    }
  }
  table.constant_update = { constant, tensor, context, message, capacity in
    guard let constant, let tensor, let context else { return Int32(DCN_STATUS_INVALID_ARGUMENT) }
    let open = Unmanaged<OpenConstant>.fromOpaque(UnsafeRawPointer(constant)).takeUnretainedValue()
    do {
      try open.constant.update(tensor.pointee, KernelCall(context))
      return Int32(DCN_STATUS_OK)
    } catch {
      return report(error, message, capacity)
    }
  }
  table.constant_destroy = { constant in
    if let constant { Unmanaged<OpenConstant>.fromOpaque(UnsafeRawPointer(constant)).release() }
  }
}

private func report(_ error: any Error, _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int32 {
  let failure = error as? BackendFailure ?? BackendFailure("\(error)")
  return failure.report(to: message, capacity)
}
