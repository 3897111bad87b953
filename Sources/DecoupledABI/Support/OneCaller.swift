import DecoupledBase
import Synchronization

/// Lets one call at a time use an object.
final class OneCaller: Sendable {
  private let busy = Atomic<Bool>(false)

  /// - Throws: `state` when another call is under way.
  func use<Result>(_ noun: String, _ body: () throws -> Result) throws -> Result {
    guard busy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      throw EngineError(
        .state,
        "This \(noun) is in use by another call; a \(noun) belongs to one thread at a time, so make one for each.")
    }
    defer { busy.store(false, ordering: .releasing) }
    return try body()
  }
}
