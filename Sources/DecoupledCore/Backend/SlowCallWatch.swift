import DecoupledBase
import Glibc

/// Says in the log when a plugin's function has not returned after some seconds. A plugin that blocks cannot be stopped in
/// the host's process; the line says at least who it is.
final class SlowCallWatch: @unchecked Sendable {
  static let seconds = 5

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let message: String
  private var hasReturned = false

  private init(_ message: String) {
    self.message = message
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Calls `body` while another thread watches the clock.
  static func during<Result>(_ what: String, of plugin: String, _ body: () throws -> Result) rethrows -> Result {
    let watch = SlowCallWatch(
      "The backend '\(plugin)' has not returned from \(what) after \(seconds) seconds; it blocks the program.")
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<SlowCallWatch>.fromOpaque(argument!).takeUnretainedValue().wait()
        return nil
      }, Unmanaged.passUnretained(watch).toOpaque())
    defer {
      watch.finish()
      if status == 0 { pthread_join(thread, nil) }
    }
    return try body()
  }

  private func wait() {
    var deadline = timespec()
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += Self.seconds
    pthread_mutex_lock(mutex)
    var status: Int32 = 0
    while !hasReturned && status != ETIMEDOUT { status = pthread_cond_timedwait(changed, mutex, &deadline) }
    let isLate = !hasReturned
    pthread_mutex_unlock(mutex)
    if isLate { Log.write(.warning, message) }
  }

  private func finish() {
    pthread_mutex_lock(mutex)
    hasReturned = true
    pthread_cond_signal(changed)
    pthread_mutex_unlock(mutex)
  }
}
