/// An object behind an opaque handle of the header.
protocol HandleObject: AnyObject, Sendable {
  /// What messages call it.
  static var noun: String { get }
}
