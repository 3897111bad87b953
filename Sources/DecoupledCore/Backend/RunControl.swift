import Synchronization

/// What one caller's runs share: its threads and the wish to stop. Backends get it as `dcn_run_context.session`.
public final class RunControl: @unchecked Sendable {
  public let pool: ThreadPool
  private let stopRequested = Atomic<Bool>(false)

  public init(threads: Int = 0) { pool = ThreadPool(lanes: ThreadCount.resolve(threads)) }

  /// Asks the work under way to stop soon. Callable from any thread.
  public func cancel() { stopRequested.store(true, ordering: .relaxed) }

  /// Forgets an earlier `cancel`, before new work starts.
  public func reset() { stopRequested.store(false, ordering: .relaxed) }

  public var isCancelled: Bool { stopRequested.load(ordering: .relaxed) }
}
