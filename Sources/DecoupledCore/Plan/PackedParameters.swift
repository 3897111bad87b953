import CDecoupled
import Synchronization

/// Parameters in the packed forms that kernels ask for: each is made once and shared by all plans and sessions of a model.
final class PackedParameters: Sendable {
  private struct Key: Hashable {
    let name: String
    let byteOffset: Int
    let elementType: Int32
    let shape: [Int]
    let form: UInt64
    /// The table: constants serve every instance of a backend.
    let backend: Int
  }

  /// What is known of one form, behind a lock of its own: sessions that open at once pack different parameters side by side.
  private final class Slot: Sendable {
    let entry = Mutex<Entry?>(nil)
  }

  private struct Entry: @unchecked Sendable {
    let constant: PackedConstant
    /// Contents and memory of the parameter when it was packed.
    var version: Int
    var address: UnsafeMutableRawPointer
  }

  private let slots = Mutex<[Key: Slot]>([:])

  /// The packed form of a parameter, made or brought up to date where needed.
  /// - Parameters:
  ///   - version: changes with the parameter's contents.
  ///   - tensor: the parameter, or the part of it that a kernel reads.
  /// - Returns: the constant, and whether it was made now.
  func constant(
    _ name: String, version: Int, _ tensor: dcn_tensor, form: UInt64, backend: Backend, control: RunControl
  ) throws -> (constant: PackedConstant, isNew: Bool) {
    let key = Key(
      name: name, byteOffset: Int(tensor.byte_offset), elementType: tensor.element_type, shape: tensor.sizes,
      form: form,
      backend: Int(bitPattern: backend.table)
    )
    let slot = slots.withLock { slots in
      if let known = slots[key] { return known }
      let made = Slot()
      slots[key] = made
      return made
    }
    return try slot.entry.withLock { entry in
      if var known = entry {
        if known.version != version || known.address != tensor.buffer {
          try known.constant.update(name, tensor, control: control)
          known.version = version
          known.address = tensor.buffer
          entry = known
        }
        return (known.constant, false)
      }
      let made = try PackedConstant(name, tensor, form: form, backend: backend, control: control)
      entry = Entry(constant: made, version: version, address: tensor.buffer)
      return (made, true)
    }
  }
}
