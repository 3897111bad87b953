/// An array that belongs to a handle; its address is never NULL.
final class OwnedArray<Element: Sendable>: @unchecked Sendable {
  let pointer: UnsafePointer<Element>
  let count: Int

  init(_ values: [Element]) {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, values.count))
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { copy.initialize(from: base, count: source.count) }
    }
    pointer = UnsafePointer(copy)
    count = values.count
  }

  deinit { pointer.deallocate() }
}
