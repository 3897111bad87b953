import DecoupledBase
import Glibc

/// This program once more, with a pipe from its descriptor 3. What it prints goes to standard error.
final class ChildProcess {
  enum Ending {
    case exited(Int32)
    case killed(Int32)
    case tooSlow
  }

  private let process: pid_t
  private let pipeEnd: Int32
  private var pending: [UInt8] = []

  /// - Parameter arguments: behind the program's name.
  init(_ arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Self.failure("pipe") }
    // The reader's end is not for the child, nor for children of other threads.
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, 2, 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], Worker.descriptor)
    if ends[1] != Worker.descriptor { posix_spawn_file_actions_addclose(&actions, ends[1]) }
    var words: [UnsafeMutablePointer<CChar>?] = (["decoupled"] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    words.append(nil)
    // A crash of a plugin is reported here, in one sentence, not by a backtrace of the host.
    setenv("SWIFT_BACKTRACE", "enable=no", 1)
    var child = pid_t()
    let status = posix_spawn(&child, "/proc/self/exe", &actions, nil, words, environ)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw Self.failure("posix_spawn")
    }
    process = child
    pipeEnd = ends[0]
  }

  deinit { close(pipeEnd) }

  private static func failure(_ what: String) -> EngineError {
    EngineError(.io, "Could not start a child process (\(what): \(String(cString: strerror(errno)))).")
  }

  /// The next line, nil when the child has closed its end or `seconds` have passed without one.
  func line(within seconds: Double) -> (line: String?, isTooSlow: Bool) {
    let deadline = Self.now() + seconds
    while true {
      if let end = pending.firstIndex(of: 10) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end + 1)
        return (line, false)
      }
      var watched = pollfd(fd: pipeEnd, events: Int16(POLLIN), revents: 0)
      let left = deadline - Self.now()
      guard left > 0 else { return (nil, true) }
      let ready = poll(&watched, 1, Int32(min(left * 1000 + 1, 1e9)))
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0 else { continue }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = read(pipeEnd, &buffer, buffer.count)
      guard count > 0 else { return (nil, false) }
      pending += buffer[..<count]
    }
  }

  /// Waits for the end, which is near once the pipe is closed.
  func wait(isTooSlow: Bool) -> Ending {
    if isTooSlow { kill(process, SIGKILL) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    if isTooSlow { return .tooSlow }
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
