import Glibc

/// Work on threads of its own, as callers of a library have them. The host's pools would run nested loops inline.
enum Concurrently {
  private final class Task {
    let body: () throws -> Void
    var failure: (any Error)?
    init(_ body: @escaping () throws -> Void) { self.body = body }
  }

  /// Runs all at once and waits.
  /// - Throws: the failure of the first that failed.
  static func run(_ bodies: [() throws -> Void]) throws {
    let tasks = bodies.map(Task.init)
    let threads = tasks.map { task -> pthread_t? in
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { argument in
          let task = Unmanaged<Task>.fromOpaque(argument!).takeUnretainedValue()
          do { try task.body() } catch { task.failure = error }
          return nil
        }, Unmanaged.passUnretained(task).toOpaque())
      return status == 0 ? thread : nil
    }
    for (task, thread) in zip(tasks, threads) {
      if let thread {
        pthread_join(thread, nil)
      } else {
        try task.body()
      }
    }
    if let failure = tasks.lazy.compactMap(\.failure).first { throw failure }
  }
}
