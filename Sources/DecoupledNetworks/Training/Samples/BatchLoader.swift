import DecoupledBase
import Glibc

/// Prepares the batches of a run in the background, a few ahead of the one in use.
final class BatchLoader {
  private let shared: Shared
  private var thread: pthread_t?

  /// - Parameters:
  ///   - first: number of the first batch that will be asked for.
  ///   - end: number behind the last one.
  ///   - depth: how many batches are kept ready.
  init(_ source: any BatchSource, first: Int, end: Int, depth: Int = 3) throws {
    shared = Shared(source, first: first, end: end, depth: max(depth, 1))
    var handle = pthread_t()
    let reference = Unmanaged.passRetained(shared)
    let status = pthread_create(
      &handle, nil,
      { argument in
        if let argument { Unmanaged<Shared>.fromOpaque(argument).takeRetainedValue().produce() }
        return nil
      }, reference.toOpaque())
    guard status == 0 else {
      reference.release()
      throw EngineError(
        .outOfMemory, "No thread could be started to load images: \(String(cString: strerror(status))).")
    }
    thread = handle
  }

  deinit { stop() }

  /// The next batch in order; waits until it is ready.
  /// - Throws: what went wrong while it was made, or `state` after the last batch.
  func next() throws -> TrainingBatch { try shared.take() }

  /// Ends the thread after the batch it works on. Called by `deinit` too.
  func stop() {
    guard let thread else { return }
    shared.stop()
    pthread_join(thread, nil)
    self.thread = nil
  }

  /// What loader and thread share: a bounded queue under a mutex.
  private final class Shared: @unchecked Sendable {
    private let source: any BatchSource
    private let depth: Int
    private let end: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var number: Int
    private var ready: [Result<TrainingBatch, any Error>] = []
    private var isStopping = false
    private var isFinished = false

    init(_ source: any BatchSource, first: Int, end: Int, depth: Int) {
      self.source = source
      self.depth = depth
      self.end = end
      number = first
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(changed, nil)
    }

    deinit {
      pthread_cond_destroy(changed)
      pthread_mutex_destroy(mutex)
      changed.deallocate()
      mutex.deallocate()
    }

    func produce() {
      while number < end, !waitForRoom() {
        let made = Result { try source.batch(number) }
        number += 1
        pthread_mutex_lock(mutex)
        ready.append(made)
        pthread_cond_signal(changed)
        pthread_mutex_unlock(mutex)
        if case .failure = made { break }
      }
      pthread_mutex_lock(mutex)
      isFinished = true
      pthread_cond_signal(changed)
      pthread_mutex_unlock(mutex)
    }

    /// Waits until the queue has room; returns whether to stop.
    private func waitForRoom() -> Bool {
      pthread_mutex_lock(mutex)
      while ready.count >= depth && !isStopping { pthread_cond_wait(changed, mutex) }
      let stopping = isStopping
      pthread_mutex_unlock(mutex)
      return stopping
    }

    func take() throws -> TrainingBatch {
      pthread_mutex_lock(mutex)
      while ready.isEmpty && !isFinished { pthread_cond_wait(changed, mutex) }
      let result = ready.isEmpty ? nil : ready.removeFirst()
      pthread_cond_signal(changed)
      pthread_mutex_unlock(mutex)
      guard let result else { throw EngineError(.state, "All batches of the run have been used.") }
      return try result.get()
    }

    func stop() {
      pthread_mutex_lock(mutex)
      isStopping = true
      ready = []
      pthread_cond_signal(changed)
      pthread_mutex_unlock(mutex)
    }
  }
}
