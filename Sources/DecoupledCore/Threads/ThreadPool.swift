import CDecoupled
import CSystem
import Glibc
import Synchronization

/// A fixed set of threads that run the tasks of one parallel loop at a time. The caller's thread is lane 0.
public final class ThreadPool: @unchecked Sendable {
  /// How many tasks run at the same time, the caller's included.
  public let lanes: Int

  private let crew: Crew
  private var threads: [pthread_t] = []
  /// The process that has the threads: a fork of it has none of them, and locks in any state.
  private let owner = getpid()
  private let callers = Mutex<Void>(())

  /// What the threads share. They hold on to this, not to the pool, so that the pool can go while they wait.
  ///
  /// A kernel's loops follow each other within microseconds, less than it takes to wake a thread: who waits looks for
  /// news for a moment before it sleeps, where each lane has a processor of its own.
  private final class Crew: @unchecked Sendable {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// How often a waiting thread looks before it sleeps: for some 50 microseconds.
    let looks: Int
    /// Changed under the mutex, looked at without.
    let generation = Atomic<Int>(0)
    /// Threads at work on `loop`; likewise.
    let working = Atomic<Int>(0)
    /// How many tasks of each lane's share of `loop` are taken, far enough apart that no two meet in a cache line.
    let taken: UnsafeMutablePointer<Atomic<Int64>>
    let lanes: Int
    var loop: Loop?
    var stopping = false

    init(lanes: Int, looks: Int) {
      self.lanes = lanes
      self.looks = looks
      taken = .allocate(capacity: lanes * Self.apart)
      for i in 0..<lanes * Self.apart { (taken + i).initialize(to: Atomic(0)) }
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(started, nil)
      pthread_cond_init(finished, nil)
    }

    deinit {
      pthread_cond_destroy(started)
      pthread_cond_destroy(finished)
      pthread_mutex_destroy(mutex)
      mutex.deallocate()
      started.deallocate()
      finished.deallocate()
      taken.deinitialize(count: lanes * Self.apart)
      taken.deallocate()
    }

    private static let apart = 128 / MemoryLayout<Atomic<Int64>>.stride

    /// Takes tasks from the lane's own share, then from those that are left of others: lanes seldom touch the same counter,
    /// which takes longer than a small task where processors are far from each other.
    func work(_ loop: Loop, lane: Int) {
      for step in 0..<lanes {
        let owner = (lane + step) % lanes
        let share = loop.share(of: owner, lanes)
        while !loop.stop() {
          let index = share.lowerBound + taken[owner * Self.apart].add(1, ordering: .relaxed).oldValue
          guard index < share.upperBound else { break }
          loop.task(index, Int32(lane), loop.data)
        }
      }
    }

    /// Whether all tasks of the loop that was shared last were taken.
    func hasTakenAll(of loop: Loop) -> Bool {
      (0..<lanes).allSatisfy { taken[$0 * Self.apart].load(ordering: .relaxed) >= loop.share(of: $0, lanes).count }
    }

    private func look(for news: () -> Bool) {
      var left = looks
      while left > 0 && !news() {
        dcn_system_pause()
        left -= 1
      }
    }

    func serve(lane: Int32) {
      var seen = 0
      while true {
        look { generation.load(ordering: .relaxed) != seen }
        pthread_mutex_lock(mutex)
        while generation.load(ordering: .relaxed) == seen && !stopping { pthread_cond_wait(started, mutex) }
        if stopping {
          pthread_mutex_unlock(mutex)
          return
        }
        seen = generation.load(ordering: .relaxed)
        // Let go before the loop is reported done: it may hold the last reference to the pool, which must not end here.
        do {
          let current = loop
          if current != nil { working.add(1, ordering: .relaxed) }
          pthread_mutex_unlock(mutex)
          // A thread that comes late finds the loop over.
          guard let current else { continue }
          ThreadPool.onLane(Int(lane)) { work(current, lane: Int(lane)) }
        }
        guard working.subtract(1, ordering: .releasing).newValue == 0 else { continue }
        pthread_mutex_lock(mutex)
        pthread_cond_signal(finished)
        pthread_mutex_unlock(mutex)
      }
    }

    /// Lets the threads join in `loop` while `body`, the caller's share of it, runs.
    func share(_ loop: Loop, _ body: () -> Void) {
      for lane in 0..<lanes { taken[lane * Self.apart].store(0, ordering: .relaxed) }
      pthread_mutex_lock(mutex)
      self.loop = loop
      generation.add(1, ordering: .relaxed)
      pthread_cond_broadcast(started)
      pthread_mutex_unlock(mutex)
      body()
      pthread_mutex_lock(mutex)
      self.loop = nil
      pthread_mutex_unlock(mutex)
      look { working.load(ordering: .acquiring) == 0 }
      if working.load(ordering: .acquiring) == 0 { return }
      pthread_mutex_lock(mutex)
      while working.load(ordering: .acquiring) > 0 { pthread_cond_wait(finished, mutex) }
      pthread_mutex_unlock(mutex)
    }

    func stop() {
      pthread_mutex_lock(mutex)
      stopping = true
      generation.add(1, ordering: .relaxed)
      pthread_cond_broadcast(started)
      pthread_mutex_unlock(mutex)
    }
  }

  private final class Loop: @unchecked Sendable {
    let count: Int64
    let task: dcn_task
    let data: UnsafeMutableRawPointer?
    let stop: () -> Bool

    init(
      count: Int64, task: @escaping dcn_task, data: UnsafeMutableRawPointer?,
      stop: @escaping () -> Bool
    ) {
      self.count = max(0, count)
      self.task = task
      self.data = data
      self.stop = stop
    }

    /// Tasks that one of so many lanes takes first.
    func share(of lane: Int, _ lanes: Int) -> Range<Int64> {
      let (least, rest) = count.quotientAndRemainder(dividingBy: Int64(lanes))
      let first = Int64(lane) * least + min(Int64(lane), rest)
      return first..<first + least + (lane < rest ? 1 : 0)
    }

    /// All tasks on this thread. Returns whether they ran.
    func runAlone(lane: Int) -> Bool {
      for index in 0..<count {
        if stop() { return false }
        task(index, Int32(lane), data)
      }
      return true
    }
  }

  private final class Start {
    let crew: Crew
    let lane: Int32
    init(_ crew: Crew, _ lane: Int32) {
      self.crew = crew
      self.lane = lane
    }
  }

  public init(lanes wanted: Int) {
    lanes = max(1, min(wanted, 256))
    crew = Crew(lanes: lanes, looks: lanes <= ThreadCount.available ? 2000 : 0)
    for lane in 1..<max(lanes, 2) where lane < lanes {
      var thread = pthread_t()
      let start = Unmanaged.passRetained(Start(crew, Int32(lane)))
      let status = pthread_create(
        &thread, nil,
        { argument in
          let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
          start.crew.serve(lane: start.lane)
          return nil
        }, start.toOpaque())
      // A machine that gives no more threads still computes, on fewer.
      if status == 0 { threads.append(thread) } else { start.release() }
    }
  }

  deinit {
    guard owner == getpid() else { return }
    crew.stop()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// The lane this thread works on while it runs a task, so that nested loops stay on it.
  private static let laneKey: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Runs `task(index, lane, data)` for each index below `count` and returns when all are done, or when `stop` asked to
  /// end early. Returns whether every task ran.
  func run(
    count: Int64, task: @escaping dcn_task, data: UnsafeMutableRawPointer?,
    stop: @escaping () -> Bool
  ) -> Bool {
    let loop = Loop(count: count, task: task, data: data, stop: stop)
    if let nested = pthread_getspecific(Self.laneKey) { return loop.runAlone(lane: Int(bitPattern: nested) - 1) }
    if count == 1 || threads.isEmpty || owner != getpid() { return Self.onLane(0) { loop.runAlone(lane: 0) } }
    return callers.withLock { _ in
      crew.share(loop) { Self.onLane(0) { crew.work(loop, lane: 0) } }
      return crew.hasTakenAll(of: loop)
    }
  }

  /// Loops within `body` stay on the calling thread: what they do would take less time than to tell the others.
  func alone<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_getspecific(Self.laneKey) == nil ? try Self.onLane(0, body) : try body()
  }

  private static func onLane<Result>(_ lane: Int, _ body: () throws -> Result) rethrows -> Result {
    pthread_setspecific(Self.laneKey, UnsafeRawPointer(bitPattern: lane + 1))
    defer { pthread_setspecific(Self.laneKey, nil) }
    return try body()
  }
}
