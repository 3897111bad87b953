/// A table of fixed size at a fixed address, for loops that must not check bounds or count references.
///
/// Its writers see to it that only one thread has it while it changes.
final class Table<Element: BitwiseCopyable>: @unchecked Sendable {
  let count: Int
  /// The first element, for loops whose writes would make the compiler fetch it again.
  let elements: UnsafeMutablePointer<Element>

  init(_ values: [Element]) {
    count = values.count
    elements = .allocate(capacity: max(values.count, 1))
    elements.initialize(from: values, count: values.count)
  }

  /// As many equal elements.
  init(repeating element: Element, count: Int) {
    self.count = count
    elements = .allocate(capacity: max(count, 1))
    elements.initialize(repeating: element, count: count)
  }

  deinit { elements.deallocate() }

  @inline(__always)
  subscript(index: Int) -> Element {
    get { elements[index] }
    set { elements[index] = newValue }
  }
}
